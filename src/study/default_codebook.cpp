#include "study/default_codebook.h"

#include "foundation/resource.h"
#include "study/exchange/formats.h"
#include "study/merge.h"
#include "vault/vault.h"

namespace understory::study {

std::span<const Resource> resources();

namespace {

constexpr std::string_view kFile = "src/study/codebook/local-experiences.csv";

// A GUID that only its words decide (RFC 9562 version 8, from SHA-256).
std::string guid_of(std::string_view words) {
  std::string hex = vault::sha256_hex(words).substr(0, 32);
  hex[12] = '8';
  hex[16] = 'a';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

}  // namespace

Result<Material> default_codebook() {
  const auto content = find_resource(resources(), kFile);
  if (!content) throw std::logic_error("the default codebook was not built in");
  Material material = TRY(read_codebook_table(TRY(read_csv_sheet(*content, kFile)), kFile));
  for (std::size_t i = 0; i < material.codes.size(); ++i)
    material.codes[i].guid = guid_of("understory local experiences 1: " + code_path(material, static_cast<int>(i)));
  material.name = "Local experiences";
  return material;
}

Result<void> install_default_codebook(storage::Transaction& transaction, Id study) {
  const Material material = TRY(default_codebook());
  TRY(merge(transaction, study, material, {}));
  return {};
}

}  // namespace understory::study

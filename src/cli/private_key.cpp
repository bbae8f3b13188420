#include "cli/private_key.h"

#include "foundation/file.h"

namespace understory::cli {

void add_key_option(CLI::App& command, std::string& file) {
  command
      .add_option("--key", file,
                  "The private key (PEM) of a form that is encrypted towards a key of your own; it is not kept")
      ->type_name("FILE");
}

Result<std::shared_ptr<const vault::SubmissionKey>> read_private_key(const std::string& file) {
  if (file.empty()) return nullptr;
  std::string pem = TRY(read_file(file, 64 << 10));
  auto key = vault::SubmissionKey::from_pem(pem);
  vault::wipe(pem);
  if (!key) return tl::unexpected(key.error());
  return std::make_shared<const vault::SubmissionKey>(std::move(*key));
}

}  // namespace understory::cli

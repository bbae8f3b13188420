// For tests: a phone that fills in an encrypted form. Written from the specification with OpenSSL alone, so that it
// tells whether what opens submissions reads the format or only itself.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace understory::testing_support {

// What clients take "OAEP with SHA-256 and MGF1" to mean.
enum class Oaep { kSha256, kSha256MaskSha1, kSha1 };

struct FilledIn {
  std::string public_key;  // as the form has it
  std::string form_id, version, instance_id, xml;
  std::vector<std::pair<std::string, std::string>> media;  // name, content
  Oaep oaep = Oaep::kSha256;
};
struct EncryptedSubmission {
  std::string manifest;
  std::vector<std::pair<std::string, std::string>> files;  // "….enc"; the XML last
};
EncryptedSubmission encrypt_as_phones_do(const FilledIn& filled_in);

// Padded and under the vector of that file, from 0.
std::string encrypt_file(const std::string& key, const std::string& instance_id, int position, std::string plain);
std::string encrypt_key(const std::string& public_key, const std::string& key, Oaep oaep);

}  // namespace understory::testing_support

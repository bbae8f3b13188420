#include "foundation/owner.h"

#include <sys/stat.h>
#include <unistd.h>

namespace understory {

void as_its_folder(const std::filesystem::path& file) {
  if (::geteuid() != 0) return;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0 || facts.st_uid == 0) return;
  [[maybe_unused]] const int given = ::lchown(file.c_str(), facts.st_uid, facts.st_gid);
}

void as_file(int descriptor, const char* other) {
  if (::geteuid() != 0) return;
  struct stat facts {};
  struct stat own {};
  if (::stat(other, &facts) != 0 || ::fstat(descriptor, &own) != 0 || facts.st_uid == own.st_uid) return;
  [[maybe_unused]] const int given = ::fchown(descriptor, facts.st_uid, facts.st_gid);
}

}  // namespace understory

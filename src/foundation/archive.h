// Zip archives from strangers, and archives of ours.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory {

// An archive read from memory. Refused on opening (kHostileArchive): names with "..", absolute names, drive letters or
// backslashes that climb, symbolic links, encrypted entries, a name twice, more than 20,000 entries, more than 2 GiB
// unpacked together, an entry that unpacks to over 200 times its size (and over 1 MiB). kDamagedArchive when it is cut
// short or its sums do not fit.
class Archive {
 public:
  static Result<Archive> open(std::string_view bytes, std::string_view file);  // the bytes must outlive the archive
  Archive(Archive&&) noexcept;
  ~Archive();

  const std::vector<std::string>& names() const;  // files only, in the archive's order
  bool has(const std::string& name) const;
  Result<std::string> read(const std::string& name) const;

 private:
  struct Impl;
  explicit Archive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Entries in the order of their names, with one fixed time and no trace of the machine: same entries, same bytes.
Result<std::string> write_archive(const std::map<std::string, std::string>& entries);

}  // namespace understory

#include "foundation/archive.h"

#include <zip.h>

#include "foundation/text.h"

namespace understory {

namespace {

constexpr std::int64_t kEntryLimit = 20'000;
constexpr std::uint64_t kTotalLimit = std::uint64_t{2} << 30;
constexpr std::uint64_t kRatioLimit = 200, kRatioFrom = 1 << 20;

// 1980-01-01, the first time a zip can tell.
constexpr std::time_t kFixedTime = 315532800;

bool climbs(std::string_view name) {
  if (name.empty() || name[0] == '/' || name[0] == '\\' || (name.size() > 1 && name[1] == ':')) return true;
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '\\', '/');
  for (std::string_view part : split(plain, '/'))
    if (part == "..") return true;
  return false;
}

std::string zip_message(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

}  // namespace

struct Archive::Impl {
  std::string file;
  zip_t* zip = nullptr;
  std::vector<std::string> names;
  std::map<std::string, std::pair<zip_int64_t, std::uint64_t>, std::less<>> entries;  // name → index, unpacked size
  ~Impl() {
    if (zip) zip_discard(zip);
  }
};

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive::~Archive() = default;

Result<Archive> Archive::open(std::string_view bytes, std::string_view file) {
  auto impl = std::make_unique<Impl>();
  impl->file = std::string(file);
  const auto hostile = [&](std::string reason) {
    return fail(problems::kHostileArchive, {{"file", std::string(file)}, {"reason", std::move(reason)}});
  };
  const auto damaged = [&](std::string reason) {
    return fail(problems::kDamagedArchive, {{"file", std::string(file)}, {"reason", std::move(reason)}});
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (!source) throw std::bad_alloc();
  impl->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (!impl->zip) {
    std::string reason = zip_error_strerror(&error);
    zip_source_free(source);
    zip_error_fini(&error);
    return damaged(lower_ascii(reason));
  }
  const zip_int64_t count = zip_get_num_entries(impl->zip, 0);
  if (count > kEntryLimit) return hostile("it holds " + std::to_string(count) + " entries, more than 20,000");
  std::uint64_t total = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t facts;
    zip_stat_init(&facts);
    if (zip_stat_index(impl->zip, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS, &facts) != 0 || !facts.name)
      return damaged("an entry cannot be read");
    const std::string name = facts.name;
    if (climbs(name)) return hostile("an entry points outside the archive");
    zip_uint8_t system;
    zip_uint32_t attributes;
    if (zip_file_get_external_attributes(impl->zip, static_cast<zip_uint64_t>(i), 0, &system, &attributes) == 0 &&
        system == ZIP_OPSYS_UNIX && ((attributes >> 16) & 0170000) == 0120000)
      return hostile("an entry is a symbolic link");
    if ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) && facts.encryption_method != ZIP_EM_NONE)
      return hostile("an entry is encrypted");
    if (!name.empty() && name.back() == '/') continue;  // a folder
    total += facts.size;
    if (total > kTotalLimit) return hostile("it unpacks to more than 2 GiB");
    if (facts.size > kRatioFrom && facts.size / std::max<std::uint64_t>(facts.comp_size, 1) > kRatioLimit)
      return hostile("an entry unpacks to more than 200 times its size");
    if (!impl->entries.try_emplace(name, i, facts.size).second) return hostile("two entries have the same name");
    impl->names.push_back(name);
  }
  return Archive(std::move(impl));
}

const std::vector<std::string>& Archive::names() const { return impl_->names; }
bool Archive::has(const std::string& name) const { return impl_->entries.contains(name); }

Result<std::string> Archive::read(const std::string& name) const {
  const auto found = impl_->entries.find(name);
  const auto damaged = [&](std::string reason) {
    return fail(problems::kDamagedArchive, {{"file", impl_->file}, {"reason", std::move(reason)}});
  };
  if (found == impl_->entries.end()) return damaged("“" + name + "” is not in it");
  zip_file_t* entry = zip_fopen_index(impl_->zip, static_cast<zip_uint64_t>(found->second.first), 0);
  if (!entry) return damaged("“" + name + "” cannot be unpacked, " + lower_ascii(zip_strerror(impl_->zip)));
  // The directory says how long it is; not a byte more is read, and not a byte less accepted.
  std::string content(found->second.second, '\0');
  std::size_t done = 0;
  zip_int64_t got = 0;
  while (done < content.size() && (got = zip_fread(entry, content.data() + done, content.size() - done)) > 0)
    done += static_cast<std::size_t>(got);
  char more;
  const bool whole = done == content.size() && got >= 0 && zip_fread(entry, &more, 1) == 0;
  const std::string reason = zip_file_strerror(entry);
  const int closed = zip_fclose(entry);
  if (!whole) return damaged("“" + name + "” cannot be unpacked whole, " + lower_ascii(reason));
  if (closed != 0) return damaged("“" + name + "”: " + lower_ascii(zip_message(closed)));
  return content;
}

Result<std::string> write_archive(const std::map<std::string, std::string>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!target) throw std::bad_alloc();
  zip_source_keep(target);
  zip_t* zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  if (!zip) throw std::runtime_error("no archive can be made in memory");
  for (const auto& [name, content] : entries) {
    zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) throw std::runtime_error("an archive cannot take “" + name + "”");
    zip_file_set_mtime(zip, static_cast<zip_uint64_t>(index), kFixedTime, 0);
    zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX, 0100644u << 16);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 6);
  }
  if (zip_close(zip) != 0) {
    const std::string reason = zip_strerror(zip);
    zip_discard(zip);
    throw std::runtime_error("an archive cannot be written: " + reason);
  }
  std::string bytes;
  zip_source_open(target);
  zip_source_seek(target, 0, SEEK_END);
  bytes.resize(static_cast<std::size_t>(zip_source_tell(target)));
  zip_source_seek(target, 0, SEEK_SET);
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

}  // namespace understory

#include "storage/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "foundation/clock.h"
#include "foundation/file.h"
#include "foundation/json_writer.h"
#include "storage/migrations.h"
#include "storage/tables.h"
#include "vault/password.h"
#include "vault/signing.h"
#include "vault/stream.h"

namespace understory::storage {

namespace json = boost::json;

namespace {

constexpr std::string_view kFormat = "understory backup 1";
constexpr std::string_view kSealedFor = "backup";
constexpr std::string_view kSigningKey = "audit.key";

const Query kWorkspaceRow{"storage.workspace_to_back_up",
                          "select key_fingerprint, recovery_key, backup_key from workspace where id = ? and ? = "
                          "'workspace_id'"};

std::string number(std::int64_t value) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) >> 8))
    out[static_cast<std::size_t>(i)] = static_cast<char>(value & 255);
  return out;
}
std::int64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

// A file that is there whole, synced and under its name, or not at all.
class WholeFile {
 public:
  explicit WholeFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_.string() + ".XXXXXX") {
    file_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
  }
  ~WholeFile() {
    if (file_ >= 0) ::close(file_);
    if (!kept_) ::unlink(temporary_.c_str());
  }
  Result<void> write(std::string_view bytes) {
    for (std::size_t done = 0; file_ >= 0 && done < bytes.size();) {
      const ssize_t count = ::write(file_, bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return problem();
      done += static_cast<std::size_t>(count);
    }
    if (file_ < 0) return problem();
    hash_.add(bytes);
    size_ += static_cast<std::int64_t>(bytes.size());
    return {};
  }
  // On the disk, not only on its way there; still under the temporary name.
  Result<void> sync() {
    if (::fsync(file_) != 0) return problem();
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_DONTNEED);  // so that reading it back asks the disk
    return {};
  }
  Result<void> keep() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return problem();
    kept_ = true;
    const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    if (const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
      ::fsync(directory);  // or the name may be lost with the power
      ::close(directory);
    }
    return {};
  }
  const std::string& temporary() const { return temporary_; }
  std::int64_t size() const { return size_; }
  std::string hash() { return hash_.finish(); }

 private:
  Result<void> problem() const {
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return fail(problems::kDiskFull);
    return fail(problems::kFileUnreadable, {{"file", path_.string()}, {"reason", std::strerror(errno)}});
  }
  std::filesystem::path path_;
  std::string temporary_;
  vault::Sha256 hash_;
  int file_ = -1;
  std::int64_t size_ = 0;
  bool kept_ = false;
};

struct Heading {
  Id workspace;
  std::string fingerprint, sealed_key, recovery_key;
  std::int64_t step = 0;
};

std::string write_heading(const Heading& heading) {
  JsonWriter out;
  out.object()
      .member("format", kFormat)
      .member("workspace", heading.workspace.text())
      .member("step", heading.step)
      .member("fingerprint", vault::hex(heading.fingerprint))
      .member("key", vault::hex(heading.sealed_key))
      .member("recovery_key", vault::hex(heading.recovery_key))
      .end_object();
  return out.text() + "\n";
}

std::optional<Heading> read_heading(std::string_view line) {
  json::error_code error;
  const json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto text = [&](std::string_view key) {
    const json::value* found = value.as_object().if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  Heading heading;
  const auto id = Id::parse(text("workspace"));
  const json::value* step = value.as_object().if_contains("step");
  if (text("format") != kFormat || !id || !step || !step->is_int64()) return std::nullopt;
  heading.workspace = *id;
  heading.step = step->as_int64();
  heading.fingerprint = vault::from_hex(text("fingerprint")).value_or("");
  heading.sealed_key = vault::from_hex(text("key")).value_or("");
  heading.recovery_key = vault::from_hex(text("recovery_key")).value_or("");
  return heading;
}

// An open backup: its heading read, its stream at the first byte.
struct Opened {
  Heading heading;
  std::shared_ptr<const vault::Vault> key;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{nullptr, &std::fclose};
  std::unique_ptr<vault::OpeningStream> stream;
  std::string name;

  tl::unexpected<Problem> damaged(std::string_view reason) const {
    return fail(problems::kDamaged, {{"what", name}, {"reason", std::string(reason)}});
  }
};

// As far as anybody can read it.
Result<Opened> open_heading(const std::filesystem::path& path) {
  Opened opened;
  opened.name = path.string();
  opened.file.reset(std::fopen(path.c_str(), "rb"));
  if (!opened.file) return fail(problems::kFileUnreadable, {{"file", opened.name}, {"reason", std::strerror(errno)}});
  std::string line;
  for (int byte; line.size() < 8192 && (byte = std::fgetc(opened.file.get())) != EOF && byte != '\n';)
    line += static_cast<char>(byte);
  auto heading = read_heading(line);
  if (!heading) return opened.damaged("it is not a backup of a workspace");
  opened.heading = std::move(*heading);
  if (const auto known = static_cast<std::int64_t>(migrations().size()); opened.heading.step > known)
    return fail(problems::kNewerWorkspace,
                {{"found", std::to_string(opened.heading.step)}, {"known", std::to_string(known)}});
  return opened;
}

void begin_stream(Opened& opened, const vault::Secret& stream_key) {
  std::FILE* file = opened.file.get();
  opened.stream = std::make_unique<vault::OpeningStream>(
      stream_key,
      [file](std::size_t wanted) -> Result<std::string> {
        std::string bytes(wanted, '\0');
        bytes.resize(std::fread(bytes.data(), 1, wanted, file));
        return bytes;
      },
      opened.name);
}

Result<Opened> open_backup(const std::filesystem::path& path, const BackupKey& given) {
  Opened opened = TRY(open_heading(path));
  if (given.recovery) {
    const auto key = vault::unwrap(opened.heading.recovery_key, *given.recovery, Workspace::kRecovery);
    if (!key) return fail(problems::kWrongKey, {{"where", "the recovery key"}});
    opened.key = std::make_shared<const vault::Vault>(vault::Vault::from(*key));
  } else {
    opened.key = std::make_shared<const vault::Vault>(TRY(vault::Vault::load(given.key_file)));
  }
  const auto stream_key =
      opened.key->fingerprint() == opened.heading.fingerprint
          ? vault::open_sealed(vault::sealing_key(opened.key->key(), kSealedFor), opened.heading.sealed_key)
          : std::nullopt;
  if (!stream_key || stream_key->size() != vault::Secret::kSize)
    return fail(problems::kWrongKey, {{"where", given.recovery ? "the recovery key" : given.key_file.string()}});
  begin_stream(opened, vault::Secret::from(*stream_key));
  return opened;
}

using Take = std::function<Result<void>(const std::string& table, const std::vector<std::string>& columns,
                                        const std::vector<Parameter>& row)>;
using Keep = std::function<Result<void>(const std::string& name, const std::string& content)>;

// Every row in the order written; then the files beside the database.
Result<BackupSummary> read_rows(Opened& opened, const Take& take, const Keep& keep, const Progress& progress) {
  BackupSummary summary;
  std::string chain;
  const auto text = [&]() -> Result<std::string> {
    const std::int64_t length = number(TRY(opened.stream->read(8)));
    if (length < 0 || length > (std::int64_t{1} << 31)) return opened.damaged("a length in it is impossible");
    return opened.stream->read(static_cast<std::size_t>(length));
  };
  std::string table;
  std::vector<std::string> columns;
  for (;;) {
    const std::string mark = TRY(opened.stream->read(1));
    if (mark == "T") {
      table = TRY(text());
      columns.assign(static_cast<std::size_t>(number(TRY(opened.stream->read(8)))), "");
      if (columns.size() > 100) return opened.damaged("a table in it has an impossible number of columns");
      for (std::string& column : columns) column = TRY(text());
      ++summary.tables;
    } else if (mark == "R") {
      std::vector<std::string> held(columns.size());
      std::vector<Parameter> row;
      std::string written;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string kind = TRY(opened.stream->read(1));
        written += kind;
        if (kind == "n") {
          row.emplace_back(nullptr);
        } else if (kind == "i") {
          held[i] = TRY(opened.stream->read(8));
          row.emplace_back(number(held[i]));
        } else if (kind == "t" || kind == "b") {
          held[i] = TRY(text());
          written += number(static_cast<std::int64_t>(held[i].size()));
          row.push_back(kind == "t" ? Parameter(held[i]) : Parameter::blob(held[i]));
        } else {
          return opened.damaged("a value in it is of no known kind");
        }
        written += held[i];
      }
      if (table != "word_index") chain = vault::sha256(chain + written);
      TRY(take(table, columns, row));
      if (++summary.rows % 256 == 0 && !report(progress, "progress.rows", summary.rows, 0))
        return fail(problems::kStopped);
    } else if (mark == "F") {
      const std::string name = TRY(text());
      TRY(keep(name, TRY(text())));
    } else if (mark == "E") {
      TRY(opened.stream->finish());
      summary.hash = vault::hex(chain);
      summary.bytes = std::ftell(opened.file.get());
      return summary;
    } else {
      return opened.damaged("it is not as it was written");
    }
  }
}

Result<BackupSummary> read_to_its_end(Opened& opened, const Progress& progress) {
  return read_rows(
      opened, [](const auto&, const auto&, const auto&) -> Result<void> { return {}; },
      [](const std::string&, const std::string&) -> Result<void> { return {}; }, progress);
}

}  // namespace

Result<BackupSummary> back_up(Workspace& workspace, const std::filesystem::path& out, const Progress& progress) {
  Transaction transaction = workspace.read();
  Heading heading;
  heading.workspace = Id{workspace.id()};
  heading.step = static_cast<std::int64_t>(migrations().size());
  std::string public_key;
  transaction.each(kWorkspaceRow, {workspace.id(), "workspace_id"}, [&](const Row& row) {
    heading.fingerprint = std::string(row.blob(0));
    heading.recovery_key = std::string(row.blob(1));
    public_key = std::string(row.blob(2));
  });
  if (workspace.holds_key()) public_key = vault::public_key_of(vault::sealing_key(workspace.key()->key(), kSealedFor));
  if (public_key.empty()) return fail(problems::kLocked);
  const vault::Secret stream_key = vault::Secret::random();
  heading.sealed_key = vault::seal_for(public_key, stream_key.view());

  WholeFile file(out);
  const std::string first_line = write_heading(heading);
  TRY(file.write(first_line));
  vault::SealingStream stream(stream_key, [&](std::string_view bytes) { return file.write(bytes); });
  const auto text = [&](std::string_view content) -> Result<void> {
    TRY(stream.write(number(static_cast<std::int64_t>(content.size()))));
    return stream.write(content);
  };
  BackupSummary summary;
  std::string chain;
  for (const Table& table : tables()) {
    TRY(stream.write("T"));
    TRY(text(table.name));
    TRY(stream.write(number(static_cast<std::int64_t>(table.columns.size()))));
    for (const Column& column : table.columns) TRY(text(column.name));
    Result<void> outcome;
    transaction.each(*table.query, {workspace.id()}, [&](const Row& row) {
      if (!outcome) return;
      std::string written;
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const int at = static_cast<int>(i);
        if (row.is_null(at)) {
          written += 'n';
          continue;
        }
        const char kind = table.columns[i].kind;
        written += kind;
        if (kind == 'i') {
          written += number(row.integer(at));
        } else {
          const std::string_view value = kind == 't' ? row.text(at) : row.blob(at);
          written += number(static_cast<std::int64_t>(value.size()));
          written += value;
        }
      }
      if (table.name != "word_index") chain = vault::sha256(chain + written);
      ++summary.rows;
      outcome = stream.write("R");
      if (outcome) outcome = stream.write(written);
      if (summary.rows % 256 == 0 && !report(progress, "progress.rows", summary.rows, 0))
        outcome = fail(problems::kStopped);
    });
    TRY(std::move(outcome));
    ++summary.tables;
  }
  if (const auto signing = workspace.folder() / kSigningKey; std::filesystem::exists(signing)) {
    TRY(stream.write("F"));
    TRY(text(kSigningKey));
    TRY(text(TRY(read_file(signing, 4096))));
  }
  TRY(stream.write("E"));
  TRY(stream.finish());
  TRY(file.sync());
  summary.hash = vault::hex(chain);
  Opened written = TRY(open_heading(file.temporary()));
  begin_stream(written, stream_key);
  const BackupSummary read = TRY(read_to_its_end(written, progress));
  if (write_heading(written.heading) != first_line || read.hash != summary.hash || read.rows != summary.rows)
    return written.damaged("it is not as it was written");
  TRY(file.keep());
  summary.bytes = file.size();
  summary.file_hash = vault::hex(file.hash());
  return summary;
}

Result<BackupSummary> verify_backup(const std::filesystem::path& path, const BackupKey& key, const Progress& progress) {
  Opened opened = TRY(open_backup(path, key));
  return read_to_its_end(opened, progress);
}

Result<BackupSummary> restore(const std::filesystem::path& path, const BackupKey& key,
                              const std::filesystem::path& folder, const std::string& database,
                              const Progress& progress) {
  Opened opened = TRY(open_backup(path, key));
  BackupSummary summary;
  std::string signing;
  std::map<std::string, std::set<std::string>> known, dropped;
  for (const Table& table : tables()) {
    for (const Column& column : table.columns) known[table.name].insert(column.name);
    dropped[table.name] = table.dropped;
  }
  TRY(Workspace::receive(folder, database, opened.heading.workspace,
                         opened.heading.recovery_key.empty() ? opened.key.get() : nullptr,
                         [&](Connection& connection) -> Result<void> {
                           summary = TRY(read_rows(
                               opened,
                               [&](const std::string& table, const std::vector<std::string>& columns,
                                   const std::vector<Parameter>& row) -> Result<void> {
                                 std::vector<std::string> kept;
                                 std::vector<Parameter> values;
                                 for (std::size_t i = 0; i < columns.size(); ++i) {
                                   if (dropped[table].contains(columns[i])) continue;
                                   if (!known[table].contains(columns[i]))
                                     return opened.damaged("it has a table or column this program does not know");
                                   kept.push_back(columns[i]);
                                   values.push_back(row[i]);
                                 }
                                 connection.run(insertion(table, kept), values, {});
                                 return {};
                               },
                               [&](const std::string& name, const std::string& content) -> Result<void> {
                                 if (name != kSigningKey) return opened.damaged("it holds a file no workspace has");
                                 return write_file(folder / kSigningKey, content, 0600);
                               },
                               progress));
                           return {};
                         }));
  return summary;
}

}  // namespace understory::storage

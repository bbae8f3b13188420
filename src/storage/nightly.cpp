#include "storage/nightly.h"

#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <ctime>
#include <set>

#include "foundation/file.h"
#include "vault/signing.h"

namespace understory::storage {

namespace {

const Query kKept{
    "storage.kept_backups",
    "select id, night, host, file, made_at, row_count, bytes, content_hash, file_hash, proven_at, problem "
    "from backup where workspace_id = ? order by made_at desc, id desc"};
const Query kKeep{"storage.keep_backup",
                  "insert into backup (workspace_id, id, night, host, file, made_at, row_count, bytes, content_hash, "
                  "file_hash, proven_at, problem) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')"};
const Query kOfNight{"storage.backup_of_night", "select id from backup where workspace_id = ? and night = ?"};
const Query kLooked{"storage.looked_at_backup",
                    "update backup set proven_at = ?, problem = ? where workspace_id = ? and id = ?"};
const Query kForget{"storage.forget_backup", "delete from backup where workspace_id = ? and id = ?"};

constexpr Milliseconds kHour = 3'600'000, kDay = 24 * kHour;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

tl::unexpected<Problem> bad_plan(const std::string& value, std::string_view what, std::string_view hint) {
  return fail(problems::kInvalidValue, {{"where", "workspace.toml, [backup]"},
                                        {"value", value},
                                        {"what", std::string(what)},
                                        {"hint", std::string(hint)}});
}

Result<int> whole_number(const toml::node_view<toml::node>& given, int otherwise, int least, int most,
                         std::string_view what) {
  if (!given) return otherwise;
  const std::int64_t value = given.value_or(std::int64_t{-1});
  if (value < least || value > most)
    return bad_plan(std::to_string(value), what, fmt::format("A whole number from {} to {}.", least, most));
  return static_cast<int>(value);
}

std::string hash_of(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> open(std::fopen(file.c_str(), "rb"), &std::fclose);
  if (!open) return "";
  vault::Sha256 hash;
  std::string piece(1 << 16, '\0');
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), open.get()))
    hash.add(std::string_view(piece).substr(0, count));
  return std::ferror(open.get()) ? "" : vault::hex(hash.finish());
}

std::string own_files(const Workspace& workspace) { return "understory-" + Id{workspace.id()}.text() + "-"; }

// A share that is not mounted leaves an empty folder in its place, on the disk the backups are to be kept away from. So
// the folder is known by a file in it, or by a backup this machine put there; one that held some and shows neither is
// another folder.
Result<void> find_folder(const Workspace& workspace, const BackupPlan& plan, const std::vector<KeptBackup>& kept) {
  const std::filesystem::path sign = plan.folder / (own_files(workspace) + "here");
  std::error_code ignored;
  if (std::filesystem::exists(sign, ignored)) return {};
  bool used = false, found = false;
  for (const KeptBackup& each : kept)
    if (each.host == host_name() && std::filesystem::path(each.file).parent_path() == plan.folder) {
      used = true;
      found = found || std::filesystem::exists(each.file, ignored);
    }
  if (used && !found)
    return fail(problems::kFileUnreadable,
                {{"file", plan.folder.string()},
                 {"reason",
                  "the backups made there before are not in it: the share is not mounted, or they were "
                  "deleted. If they were, make an empty file " +
                      sign.filename().string() + " in it"}});
  std::error_code error;
  const bool fresh = !std::filesystem::exists(plan.folder, error);
  std::filesystem::create_directories(plan.folder, error);
  if (fresh && !error) std::filesystem::permissions(plan.folder, std::filesystem::perms::owner_all, error);
  return write_file(sign,
                    "Backups of an Understory workspace go here. Without this file the server thinks that the "
                    "folder is another.\n");
}

// What a power cut left of a backup that had no name yet.
void clear_remains(const Workspace& workspace, const BackupPlan& plan) {
  const std::string own = own_files(workspace);
  std::error_code error;
  for (std::filesystem::directory_iterator each(plan.folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.rfind(own, 0) != 0 || name.find(".backup.") == std::string::npos) continue;
    std::error_code ignored;
    const auto written_at = each->last_write_time(ignored);
    // Another server may be writing one.
    if (!ignored && std::filesystem::file_time_type::clock::now() - written_at > std::chrono::hours(24))
      std::filesystem::remove(each->path(), ignored);
  }
}

// A name for the backup of a night that is no other file's: several workspaces may share a folder, and so may one and
// its restored copy. Only this workspace's own of that night gives way to it.
std::filesystem::path file_for(const Workspace& workspace, const BackupPlan& plan, std::string night,
                               const std::vector<KeptBackup>& kept) {
  const auto is_own = [&, of = night](const std::filesystem::path& file) {
    return std::any_of(kept.begin(), kept.end(), [&](const KeptBackup& each) {
      return each.night == of && each.host == host_name() && each.file == file;
    });
  };
  std::erase(night, ':');
  const std::string name = own_files(workspace) + night;
  std::filesystem::path file = plan.folder / (name + ".backup");
  std::error_code ignored;
  for (int number = 2; std::filesystem::exists(file, ignored) && !is_own(file); ++number)
    file = plan.folder / (name + "-" + std::to_string(number) + ".backup");
  return file;
}

// Those that lie on this machine are read again: a disk that forgets shall not be noticed on the day of need.
void look_again(Workspace& workspace, const Job& job, const std::vector<KeptBackup>& kept,
                const std::function<bool()>& go_on) {
  for (const KeptBackup& each : kept) {
    if (each.host != host_name()) continue;
    if (go_on && !go_on()) return;
    report_progress(workspace, job, "progress.backups", 0, 0);  // or another server would think this one dead
    std::error_code ignored;
    const bool there = std::filesystem::exists(each.file, ignored);
    const bool whole = there && hash_of(each.file) == each.file_hash;
    auto transaction = workspace.write();
    transaction.run(kLooked, {whole ? now() : each.proven_at,
                              whole   ? ""
                              : there ? "changed"
                                      : "missing",
                              transaction.workspace(), each.id});
    transaction.commit();
  }
}

void thin_out(Workspace& workspace, const BackupPlan& plan) {
  std::vector<KeptBackup> kept;
  {
    auto transaction = workspace.read();
    kept = kept_backups(transaction);
  }
  std::set<Milliseconds> weeks;
  int whole = 0;
  for (const KeptBackup& each : kept) {  // newest first
    const Milliseconds age = now() - each.made_at;
    // By number too: a clock that jumps ahead must not make all of them old at once.
    const bool among_newest = each.problem.empty() && ++whole <= plan.days;
    if (among_newest || age < plan.days * kDay) continue;
    if (age < (plan.days + plan.weeks * 7) * kDay && each.problem.empty() &&
        weeks.insert(each.made_at / (7 * kDay)).second)
      continue;
    if (each.host != host_name()) continue;
    // Only where this plan puts them: a workspace restored beside the one it comes from knows that one's files too.
    const std::filesystem::path file = each.file;
    std::error_code error;
    if (std::filesystem::equivalent(file.parent_path(), plan.folder, error))
      std::filesystem::remove(file, error);
    else if (std::filesystem::exists(file, error))
      continue;
    if (error) continue;
    auto transaction = workspace.write();
    transaction.run(kForget, {transaction.workspace(), each.id});
    transaction.commit();
  }
}

}  // namespace

std::string BackupPlan::at() const { return nightly ? fmt::format("{:02}:{:02}", minute / 60, minute % 60) : "never"; }

Result<BackupPlan> backup_plan(const Workspace& workspace) {
  BackupPlan plan;
  const std::string text = TRY(read_file(workspace.folder() / "workspace.toml", 65536));
  toml::table settings;
  try {
    settings = toml::parse(text);
  } catch (const toml::parse_error&) {
    return fail(problems::kDamaged, {{"what", "workspace.toml"}, {"reason", "it is not TOML"}});
  }
  const auto given = settings["backup"];
  const std::string at = given["at"].value_or(std::string("02:00"));
  if (at == "never") {
    plan.nightly = false;
  } else {
    int hour = -1, minute = -1, length = 0;
    if (at.size() != 5 || std::sscanf(at.c_str(), "%2d:%2d%n", &hour, &minute, &length) != 2 || length != 5 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59)
      return bad_plan(at, "time of the day", "Write it as 02:00, or \"never\".");
    plan.minute = hour * 60 + minute;
  }
  plan.folder = std::filesystem::absolute(workspace.folder() / given["folder"].value_or(std::string("backups")));
  plan.days = TRY(whole_number(given["days"], plan.days, 1, 3650, "number of days"));
  plan.weeks = TRY(whole_number(given["weeks"], plan.weeks, 0, 520, "number of weeks"));
  return plan;
}

std::vector<KeptBackup> kept_backups(Transaction& transaction) {
  std::vector<KeptBackup> kept;
  transaction.each(kKept, {transaction.workspace()}, [&](const Row& row) {
    kept.push_back({row.id(0), row.string(1), row.string(2), row.string(3), row.integer(4), row.integer(5),
                    row.integer(6), vault::hex(row.blob(7)), vault::hex(row.blob(8)), row.integer(9), row.string(10)});
  });
  return kept;
}

std::string night_of(const BackupPlan& plan, Milliseconds at) {
  std::time_t seconds = at / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  // Before the hour it is still the night before; mktime() knows how long that day was.
  if (local.tm_hour * 60 + local.tm_min < plan.minute) {
    --local.tm_mday;
    local.tm_isdst = -1;
    std::mktime(&local);
  }
  return fmt::format("{:04}-{:02}-{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

bool backup_is_due(Transaction& transaction, const BackupPlan& plan, Milliseconds at) {
  if (!plan.nightly) return false;
  bool made = false;
  transaction.each(kOfNight, {transaction.workspace(), night_of(plan, at)}, [&](const Row&) { made = true; });
  if (made) return false;
  const auto last = newest_job(transaction, kBackupJob);
  return !last || last->state == "done" ||
         ((last->state == "failed" || last->state == "stopped") && at - last->changed_at >= kHour);
}

bool ask_for_backup(Transaction& transaction, const BackupPlan& plan, Milliseconds at, bool nightly, Id by) {
  const auto last = newest_job(transaction, kBackupJob);
  if (last && (last->state == "queued" || last->state == "running")) return false;
  enqueue(transaction, kBackupJob,
          "{\"night\":\"" + (nightly ? night_of(plan, at) : iso_time(at)) + "\"" +
              (nightly ? "" : ",\"by\":\"" + by.text() + "\"") + "}");
  return true;
}

Result<BackupSummary> make_planned_backup(Workspace& workspace, const BackupPlan& plan, const Job& job,
                                          const std::function<bool()>& go_on) {
  const auto fail_with = [&](const Problem& problem) {
    auto transaction = workspace.write();
    fail_job(transaction, job, problem.code());
    transaction.commit();
    return tl::unexpected(problem);
  };
  std::string night = member_of(job.arguments, "night");
  if (night.empty()) night = iso_time(job.created_at);
  std::vector<KeptBackup> older;
  {
    auto transaction = workspace.read();
    older = kept_backups(transaction);
  }
  if (auto found = find_folder(workspace, plan, older); !found) return fail_with(found.error());
  clear_remains(workspace, plan);
  const std::filesystem::path file = file_for(workspace, plan, night, older);
  Milliseconds told = now();
  auto made = back_up(workspace, file, [&](std::string_view step, std::int64_t done, std::int64_t of) {
    if (go_on && !go_on()) return false;
    if (now() - told < 1000) return true;  // each telling is a transaction
    told = now();
    return report_progress(workspace, job, step, done, of);
  });
  if (!made) return fail_with(made.error());
  {
    auto transaction = workspace.write();
    if (!has_job(transaction, job)) {
      // Stopped by somebody, the file is nobody's. Given up for dead, it stays: the one that took over may have given
      // its own that name.
      std::error_code ignored;
      if (const auto now_is = find_job(transaction, job.id); now_is && now_is->state == "stopped")
        std::filesystem::remove(file, ignored);
      return fail(problems::kStopped);
    }
    older = kept_backups(transaction);
    for (const KeptBackup& each : older)
      if (each.night == night) transaction.run(kForget, {transaction.workspace(), each.id});  // one that was lost
    std::erase_if(older, [&](const KeptBackup& each) { return each.night == night; });
    transaction.run(kKeep, {transaction.workspace(), Id::make(), night, host_name(), file.string(), now(), made->rows,
                            made->bytes, Parameter::blob(*vault::from_hex(made->hash)),
                            Parameter::blob(*vault::from_hex(made->file_hash)), now()});
    transaction.commit();
  }
  look_again(workspace, job, older, go_on);
  thin_out(workspace, plan);
  auto transaction = workspace.write();
  finish_job(transaction, job, "{\"rows\":" + std::to_string(made->rows) + "}");
  transaction.commit();
  return made;
}

}  // namespace understory::storage

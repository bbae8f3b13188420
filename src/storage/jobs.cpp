#include "storage/jobs.h"

#include <boost/json.hpp>

#include "foundation/clock.h"

namespace understory::storage {

namespace {

const Query kEnqueue{
    "storage.enqueue_job",
    "insert into job (workspace_id, id, kind, arguments, state, step, done, total, outcome, created_at, changed_at) "
    "values (?, ?, ?, ?, 'queued', '', 0, 0, '{}', ?, ?)"};
const Query kFind{
    "storage.find_job",
    "select id, kind, arguments, state, step, done, total, outcome, created_at, changed_at, claim from job "
    "where workspace_id = ? and id = ?"};
const Query kNewest{"storage.newest_job",
                    "select id from job where workspace_id = ? and kind = ? order by created_at desc, id desc limit 1"};
const Query kNewestOf{
    "storage.newest_jobs",
    "select id, kind, arguments, state, step, done, total, outcome, created_at, changed_at, claim from "
    "job where workspace_id = ? and kind = ? order by created_at desc, id desc limit ?"};
// The one place where two workers meet. PostgreSQL passes over a row another worker is taking; SQLite has one writer.
const Query kClaimable{
    "storage.claimable_job",
    "select id from job where workspace_id = ? and (state = 'queued' or (state = 'running' and changed_at < ?)) "
    "order by created_at, id limit 1 for update skip locked",
    "select id from job where workspace_id = ? and (state = 'queued' or (state = 'running' and changed_at < ?)) "
    "order by created_at, id limit 1"};
const Query kWaiting{"storage.waiting_job",
                     "select id from job where workspace_id = ? and (state = 'queued' or (state = 'running' and "
                     "changed_at < ?)) limit 1"};
const Query kClaim{"storage.claim_job",
                   "update job set state = 'running', claim = ?, changed_at = ? where workspace_id = ? and id = ?"};
const Query kProgress{"storage.job_progress",
                      "update job set step = ?, done = ?, total = ?, changed_at = ? where workspace_id = ? and id = ? "
                      "and state = 'running' and claim = ?"};
const Query kHas{"storage.has_job",
                 "select 1 from job where workspace_id = ? and id = ? and state = 'running' and claim = ?"};
const Query kFinish{"storage.finish_job",
                    "update job set state = ?, outcome = ?, changed_at = ? where workspace_id = ? and id = ? and state "
                    "= 'running' and claim = ?"};
const Query kStop{"storage.stop_job",
                  "update job set state = 'stopped', outcome = '{}', changed_at = ? where workspace_id = ? and id = ? "
                  "and state in ('queued', 'running')"};

constexpr Milliseconds kSilence = 5 * 60 * 1000;

Job read_job(const Row& row) {
  return {row.id(0),      row.string(1), row.string(2),  row.string(3),  row.string(4), row.integer(5),
          row.integer(6), row.string(7), row.integer(8), row.integer(9), row.id(10)};
}

}  // namespace

Id enqueue(Transaction& transaction, std::string_view kind, std::string_view arguments) {
  const Id id = Id::make();
  transaction.run(kEnqueue, {transaction.workspace(), id, kind, arguments, now(), now()});
  return id;
}

Job begin_job(Transaction& transaction, std::string_view kind, std::string_view arguments) {
  const Id id = enqueue(transaction, kind, arguments);
  transaction.run(kClaim, {Id::make(), now(), transaction.workspace(), id});
  return *find_job(transaction, id);
}

std::string member_of(std::string_view json, std::string_view name) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse({json.data(), json.size()}, error);
  if (error || !value.is_object()) return "";
  const auto* found = value.get_object().if_contains({name.data(), name.size()});
  if (!found) return "";
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

Result<Job> find_job(Transaction& transaction, Id id) {
  auto job = transaction.one(kFind, {transaction.workspace(), id}, read_job);
  if (!job) return fail(problems::kNotFound, {{"what", "job"}, {"name", id.text()}});
  return *job;
}

std::optional<Job> newest_job(Transaction& transaction, std::string_view kind) {
  const auto id = transaction.one(kNewest, {transaction.workspace(), kind}, [](const Row& row) { return row.id(0); });
  return id ? std::optional<Job>(*find_job(transaction, *id)) : std::nullopt;
}

std::vector<Job> newest_jobs(Transaction& transaction, std::string_view kind, std::int64_t limit) {
  std::vector<Job> jobs;
  transaction.each(kNewestOf, {transaction.workspace(), kind, limit},
                   [&](const Row& row) { jobs.push_back(read_job(row)); });
  return jobs;
}

bool a_job_waits(Transaction& transaction) {
  return transaction.each(kWaiting, {transaction.workspace(), now() - kSilence}, [](const Row&) {}) > 0;
}

std::optional<Job> claim_job(Transaction& transaction) {
  const auto id = transaction.one(kClaimable, {transaction.workspace(), now() - kSilence},
                                  [](const Row& row) { return row.id(0); });
  if (!id) return std::nullopt;
  transaction.run(kClaim, {Id::make(), now(), transaction.workspace(), *id});
  return *find_job(transaction, *id);
}

bool report_progress(Workspace& workspace, const Job& job, std::string_view step, std::int64_t done, std::int64_t of) {
  Transaction transaction = workspace.write();
  const bool running =
      transaction.run(kProgress, {step, done, of, now(), transaction.workspace(), job.id, job.claim}) == 1;
  transaction.commit();
  return running;
}

bool has_job(Transaction& transaction, const Job& job) {
  return transaction.each(kHas, {transaction.workspace(), job.id, job.claim}, [](const Row&) {}) > 0;
}

bool finish_job(Transaction& transaction, const Job& job, std::string_view outcome) {
  return transaction.run(kFinish, {"done", outcome, now(), transaction.workspace(), job.id, job.claim}) == 1;
}

bool fail_job(Transaction& transaction, const Job& job, std::string_view problem_code) {
  const std::string outcome = "{\"problem\":\"" + std::string(problem_code) + "\"}";
  return transaction.run(kFinish, {"failed", outcome, now(), transaction.workspace(), job.id, job.claim}) == 1;
}

void stop_job(Transaction& transaction, Id job) { transaction.run(kStop, {now(), transaction.workspace(), job}); }

}  // namespace understory::storage

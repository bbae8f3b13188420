#include "findings/kept.h"

#include <boost/json.hpp>

#include "findings/problems.h"
#include "foundation/text.h"
#include "storage/reseal.h"

namespace understory::findings {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr std::size_t kLongestName = 300, kLongestComment = 4000;

const Query kKeep{"kept_findings.keep",
                  "insert into kept_finding (workspace_id, id, study_id, name, question, data_hash, kept_by, knew, "
                  "kept_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kSameQuestion{
    "kept_findings.same_question",
    "select kept_by, knew from kept_finding where workspace_id = ? and study_id = ? and question = "
    "?"};
const Query kAll{"kept_findings.kept",
                 "select id, name, question, data_hash, kept_by, kept_at, reviewed_by, reviewed_at, reviewed_hash, "
                 "report_position, (select count(*) from finding_comment c where c.workspace_id = k.workspace_id and "
                 "c.finding_id = k.id), knew from kept_finding k where workspace_id = ? and study_id = ? order by "
                 "kept_at, id"};
const Query kIsKept{
    "kept_findings.is_kept",
    "select report_position, kept_by from kept_finding where workspace_id = ? and study_id = ? and id = "
    "?"};
const Query kRename{"kept_findings.rename",
                    "update kept_finding set name = ?, kept_by = ?, knew = ?, reviewed_by = null, reviewed_at = null, "
                    "reviewed_hash = null where workspace_id = ? and id = ?"};
const Query kReview{"kept_findings.review",
                    "update kept_finding set reviewed_by = ?, reviewed_at = ?, reviewed_hash = ? where workspace_id = "
                    "? and id = ?"};
const Query kLastPosition{"kept_findings.last_position",
                          "select max(report_position) from kept_finding where workspace_id = ? and study_id = ?"};
const Query kPlaceInReport{"kept_findings.place_in_report",
                           "update kept_finding set report_position = ? where workspace_id = ? and id = ?"};
const Query kComment{"kept_findings.comment",
                     "insert into finding_comment (workspace_id, id, finding_id, text, made_by, knew, made_at) values "
                     "(?, ?, ?, ?, ?, ?, ?)"};
const Query kComments{
    "kept_findings.comments",
    "select id, made_by, knew, text, made_at from finding_comment where workspace_id = ? and finding_id = "
    "? order by made_at, id"};
const Query kDropComments{"kept_findings.drop_comments",
                          "delete from finding_comment where workspace_id = ? and finding_id = ?"};
const Query kDrop{"kept_findings.drop", "delete from kept_finding where workspace_id = ? and id = ?"};

const storage::SealedColumn kSealedNames{"kept_finding", "name"}, kSealedComments{"finding_comment", "text"};

// {"everything":true,"locations":[…],"without":[…]}, numbers.
std::optional<std::string> text_of(const std::optional<study::Limits>& knew) {
  if (!knew) return std::nullopt;
  boost::json::array locations, without;
  for (const Id each : knew->locations) locations.emplace_back(each.value);
  for (const Id each : knew->without_sources) without.emplace_back(each.value);
  return boost::json::serialize(
      boost::json::object{{"everything", knew->everything}, {"locations", locations}, {"without", without}});
}

Author author_of(Id account, const Row& row, int column) {
  Author author(account);
  if (row.is_null(column)) return author;
  const boost::json::value knew = boost::json::parse(row.string(column));
  author.knew.emplace();
  author.knew->everything = knew.at("everything").as_bool();
  for (const auto& each : knew.at("locations").as_array())
    author.knew->locations.insert(Id{each.to_number<std::int64_t>()});
  for (const auto& each : knew.at("without").as_array())
    author.knew->without_sources.insert(Id{each.to_number<std::int64_t>()});
  return author;
}

// Names and comments are sealed under a key of the finding's own, which goes with it.
std::string sealed_name(Transaction& transaction, Id finding, const std::string& name) {
  return transaction.seal(finding, "kept_finding", "name", finding, name);
}

Result<std::string> words_of(std::string_view typed, std::size_t most, const char* what) {
  const std::string text(trim(typed));
  if (!text.empty() && text.size() <= most) return text;
  return fail(problems::kInvalidValue, {{"where", "The finding"},
                                        {"value", std::string(shortened(text, 40))},
                                        {"what", what},
                                        {"hint", "Write 1 to " + std::to_string(most) + " bytes."}});
}

KeptFinding read_finding(Transaction& transaction, const Row& row) {
  KeptFinding found;
  found.id = row.id(0);
  found.name = transaction.open("kept_finding", "name", found.id, row.blob(1));
  auto question = parse_question(row.text(2));
  if (!question) throw std::logic_error("a kept question is none: " + question.error().sentence());
  found.question = std::move(*question);
  found.data_hash = row.string(3);
  found.kept_by = author_of(row.id(4), row, 11);
  found.kept_at = row.integer(5);
  if (const std::int64_t at = row.integer(7); at != 0) found.review = Review{row.id(6), at, row.string(8)};
  found.report_position = row.integer(9);
  found.comments = row.integer(10);
  return found;
}

Result<std::int64_t> position_of(Transaction& transaction, Id study, Id finding) {
  const auto found = transaction.one(kIsKept, {transaction.workspace(), study, finding},
                                     [](const Row& row) { return row.integer(0); });
  if (!found) return fail(problems::kNotFound, {{"what", "finding"}, {"name", finding.text()}});
  return *found;
}

Result<Id> kept_by(Transaction& transaction, Id study, Id finding) {
  TRY(position_of(transaction, study, finding));
  return transaction.one(kIsKept, {transaction.workspace(), study, finding}, [](const Row& row) { return row.id(1); })
      .value_or(Id{});
}

}  // namespace

Result<Id> keep_finding(Transaction& transaction, Id study, std::string_view name, const Question& question,
                        const std::string& data_hash, const Author& author,
                        const std::function<bool(const Author& kept_by)>& is_there) {
  const std::string called = TRY(words_of(name, kLongestName, "name"));
  std::vector<Author> keepers;
  transaction.each(kSameQuestion, {transaction.workspace(), study, question.text()},
                   [&](const Row& row) { keepers.push_back(author_of(row.id(0), row, 1)); });
  if (std::any_of(keepers.begin(), keepers.end(), [&](const Author& each) { return !is_there || is_there(each); }))
    return fail(problems::kAlreadyExists, {{"what", "finding"}, {"name", question.text()}});
  const Id id = Id::make();
  transaction.run(kKeep, {transaction.workspace(), id, study, Parameter::blob(sealed_name(transaction, id, called)),
                          question.text(), data_hash, author.account, text_of(author.knew), now()});
  return id;
}

std::vector<KeptFinding> kept_findings(Transaction& transaction, Id study) {
  std::vector<KeptFinding> list;
  transaction.each(kAll, {transaction.workspace(), study},
                   [&](const Row& row) { list.push_back(read_finding(transaction, row)); });
  return list;
}

Result<KeptFinding> kept_finding(Transaction& transaction, Id study, Id finding) {
  for (KeptFinding& each : kept_findings(transaction, study))
    if (each.id == finding) return std::move(each);
  return fail(problems::kNotFound, {{"what", "finding"}, {"name", finding.text()}});
}

std::vector<FindingComment> comments_on(Transaction& transaction, Id finding) {
  std::vector<FindingComment> list;
  transaction.each(kComments, {transaction.workspace(), finding}, [&](const Row& row) {
    const Id id = row.id(0);
    list.push_back({id, author_of(row.id(1), row, 2), transaction.open("finding_comment", "text", id, row.blob(3)),
                    row.integer(4)});
  });
  return list;
}

Result<void> rename_finding(Transaction& transaction, Id study, Id finding, std::string_view name,
                            const Author& author) {
  TRY(position_of(transaction, study, finding));
  const std::string called = TRY(words_of(name, kLongestName, "name"));
  transaction.run(kRename, {Parameter::blob(sealed_name(transaction, finding, called)), author.account,
                            text_of(author.knew), transaction.workspace(), finding});
  return {};
}

Result<Id> comment_on(Transaction& transaction, Id study, Id finding, std::string_view text, const Author& author) {
  TRY(position_of(transaction, study, finding));
  const std::string said = TRY(words_of(text, kLongestComment, "comment"));
  const Id id = Id::make();
  transaction.run(kComment, {transaction.workspace(), id, finding,
                             Parameter::blob(transaction.seal(finding, "finding_comment", "text", id, said)),
                             author.account, text_of(author.knew), now()});
  return id;
}

Result<void> review_finding(Transaction& transaction, Id study, Id finding, const std::string& data_hash, Id account) {
  if (TRY(kept_by(transaction, study, finding)) == account) return fail(problems::kOwnFinding);
  transaction.run(kReview, {account, now(), data_hash, transaction.workspace(), finding});
  return {};
}

Result<void> set_in_report(Transaction& transaction, Id study, Id finding, bool in_report) {
  const bool is_in = TRY(position_of(transaction, study, finding))
  != 0;
  if (is_in == in_report) return {};
  std::optional<std::int64_t> position;
  if (in_report)
    position =
        1 +
        transaction.one(kLastPosition, {transaction.workspace(), study}, [](const Row& row) { return row.integer(0); })
            .value_or(0);
  transaction.run(kPlaceInReport, {position, transaction.workspace(), finding});
  return {};
}

Result<void> drop_finding(Transaction& transaction, Id study, Id finding) {
  TRY(position_of(transaction, study, finding));
  transaction.run(kDropComments, {transaction.workspace(), finding});
  transaction.run(kDrop, {transaction.workspace(), finding});
  transaction.destroy_data_key(finding);
  return {};
}

}  // namespace understory::findings

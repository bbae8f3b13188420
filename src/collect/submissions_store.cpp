#include "collect/submissions.h"

#include <algorithm>
#include <array>

#include "collect/encrypted.h"
#include "collect/open_instance.h"
#include "collect/quarantine.h"
#include "collect/webhook.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "storage/blobs.h"
#include "storage/reseal.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const storage::SealedColumn kSealedInstances{"instance", "xml"}, kSealedNames{"submission_attachment", "name"},
    kSealedComments{"submission_comment", "text"}, kSealedDevices{"submission", "device_box"};

constexpr std::array<std::string_view, 5> kStates{"received", "has_issues", "edited", "approved", "rejected"};
constexpr std::array<std::string_view, 4> kSignatures{"none", "right", "wrong", "unchecked"};
constexpr std::int64_t kPage = 500;  // submissions opened at a time: their XML is all that memory holds

#define FACTS                                                                                                     \
  "submission.id, submission.form_row_id, submission.version_id, submission.instance_id, submission.current_id, " \
  "submission.form_version, submission.account_id, submission.device_id, submission.device_box, "                 \
  "submission.received_at, submission.changed_at, submission.review, submission.edits, submission.present, "      \
  "submission.expected, submission.form_id, submission.study_id, submission.place_code, submission.waits_for"
constexpr int kFacts = 19;

// All that narrows stands in each query, open where nothing is asked for: one statement, prepared once.
#define NARROWED                                                                                   \
  "submission.workspace_id = ? and submission.form_row_id = ? and submission.waits_for = '' and "  \
  "(? = '' or submission.review = ?) and (? = 0 or submission.present < submission.expected) and " \
  "submission.received_at >= ? and submission.received_at < ? "

const Query kOpened{
    "collect.opened_submissions",
    "select " FACTS
    ", instance.id, instance.xml, data_key.wrapped, coalesce(account.name, enrolled_device.name, ''), "
    // What the client called itself opens with the first instance's key.
    "coalesce(first_key.wrapped, data_key.wrapped) "
    "from submission join instance on instance.workspace_id = submission.workspace_id and "
    "instance.form_id = submission.form_id and instance.instance_id = submission.current_id left join "
    "data_key on data_key.workspace_id = instance.workspace_id and data_key.id = instance.id left join "
    "account on account.workspace_id = submission.workspace_id and account.id = submission.account_id "
    "left join enrolled_device on enrolled_device.workspace_id = submission.workspace_id and "
    "enrolled_device.id = submission.device_id left join instance as first_instance on submission.edits "
    "> 0 and first_instance.workspace_id = submission.workspace_id and first_instance.form_id = "
    "submission.form_id and first_instance.instance_id = submission.instance_id left join data_key as "
    "first_key on first_key.workspace_id = first_instance.workspace_id and first_key.id = "
    "first_instance.id where " NARROWED "and submission.id > ? order by submission.id limit ?"};
const Query kFactsOf{"collect.submissions", "select " FACTS " from submission where " NARROWED
                                            "and submission.id < ? order by submission.id desc limit ?"};
const Query kPlacesOf{"collect.places_of_submissions",
                      "select submission.id, submission.place_code from submission where " NARROWED};
const Query kWaiting{"collect.waiting_submissions",
                     "select " FACTS
                     " from submission where submission.workspace_id = ? and submission.waits_for <> '' and (? = '' or "
                     "submission.form_id = ?) order by submission.id desc"};
const Query kOne{"collect.submission",
                 "select " FACTS " from submission where submission.workspace_id = ? and submission.id = ?"};
const Query kOfInstance{
    "collect.submission_of_instance",
    "select submission_id from instance where workspace_id = ? and form_id = ? and instance_id = ?"};
const Query kInstances{
    "collect.instances_of_submission",
    "select instance.id, instance_id, xml, account_id, device_id, received_at, data_key.wrapped from "
    "instance left join data_key on data_key.workspace_id = instance.workspace_id and data_key.id = "
    "instance.id where instance.workspace_id = ? and submission_id = ? order by instance.id"};
const Query kNewest{"collect.newest_instance",
                    "select instance.id, instance.xml from submission join instance on instance.workspace_id = "
                    "submission.workspace_id and instance.form_id = submission.form_id and instance.instance_id = "
                    "submission.current_id where submission.workspace_id = ? and submission.id = ?"};
const Query kAttachments{"collect.attachments_of_instance",
                         "select id, name, media_type, size, content_mark, expected, blob_id from "
                         "submission_attachment where workspace_id = ? and instance_row_id = ? order by id"};
const Query kExpect{"collect.expect_attachment",
                    "update submission_attachment set expected = 1 where workspace_id = ? and id = ?"};
const Query kCounted{
    "collect.attachments_counted",
    "update submission set expected = ?, present = ?, uncounted = 0 where workspace_id = ? and id = ?"};
const Query kUncounted{"collect.attachments_uncounted",
                       "update submission set uncounted = 1 where workspace_id = ? and id = ?"};
const Query kLookedAt{"collect.attachments_looked_at",
                      "update submission set uncounted = 0 where workspace_id = ? and id = ?"};
const Query kToCount{"collect.submissions_to_count",
                     "select submission.id, form_version.file_paths from submission join form_version on "
                     "form_version.workspace_id = submission.workspace_id and form_version.id = submission.version_id "
                     "where submission.workspace_id = ? and submission.uncounted = 1 order by submission.id limit ?"};
const Query kSetReview{"collect.set_review",
                       "update submission set review = ?, changed_at = ? where workspace_id = ? and id = ?"};
const Query kAddComment{"collect.add_comment",
                        "insert into submission_comment (workspace_id, id, submission_id, account_id, review, text, "
                        "made_at) values (?, ?, ?, ?, ?, ?, ?)"};
const Query kComments{"collect.comments",
                      "select id, account_id, review, text, made_at from submission_comment where workspace_id = ? and "
                      "submission_id = ? order by id"};
const Query kBelow{"collect.places_above", "select code, parent_code from place where workspace_id = ?"};

#undef FACTS
#undef NARROWED

constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

Submission read_facts(const Row& row) {
  Submission facts;
  facts.id = row.id(0);
  facts.form = row.id(1);
  facts.version = row.id(2);
  facts.instance_id = row.string(3);
  facts.current_id = row.string(4);
  facts.form_version = row.string(5);
  facts.account = row.id(6);
  facts.device = row.id(7);
  facts.device_id = std::string(row.blob(8));  // sealed: see open_device_id()
  facts.received_at = row.integer(9);
  facts.changed_at = row.integer(10);
  facts.state = review_state_of(row.text(11)).value_or(ReviewState::kReceived);
  facts.edits = static_cast<int>(row.integer(12));
  facts.attachments_present = static_cast<int>(row.integer(13));
  facts.attachments_expected = static_cast<int>(row.integer(14));
  facts.form_id = row.string(15);
  facts.study = row.id(16);
  facts.place = row.string(17);
  facts.waits_for = waits_for_of(row.text(18));
  return facts;
}

// Empty where it does not open: stories are locked, or its key was destroyed.
void open_device_id(Transaction& transaction, Submission& facts, std::string_view wrapped_key) {
  const std::string sealed = std::exchange(facts.device_id, "");
  if (sealed.empty() || transaction.locked()) return;
  try {
    if (auto opened = transaction.try_open({"submission", "device_box", facts.id}, sealed, wrapped_key))
      facts.device_id = std::move(*opened);
  } catch (const storage::DatabaseError& error) {
    if (error.kind() != storage::DatabaseError::Kind::kCorrupt) throw;
  }
}

// The parameters of NARROWED.
struct Narrowed {
  std::int64_t workspace;
  Id form;
  std::string state;
  bool lacks_files;
  std::int64_t from, before;
  Narrowed(Transaction& transaction, Id form_, const Wanted& wanted)
      : workspace(transaction.workspace()),
        form(form_),
        state(wanted.state ? name_of(*wanted.state) : ""),
        lacks_files(wanted.lacks_files),
        from(wanted.received_from),
        before(wanted.received_before == 0 ? kForEver : wanted.received_before) {}
};

// Whether a submission lies where somebody may look.
class Within {
 public:
  Within(Transaction& transaction, const Wanted& wanted) : wanted_(wanted) {
    if (!wanted.places) return;
    transaction.each(kBelow, {transaction.workspace()},
                     [&](const Row& row) { above_.emplace(row.string(0), row.string(1)); });
  }
  bool open(Id id, const std::string& place) const {
    if (wanted_.without.contains(id)) return false;
    if (!wanted_.places) return true;
    std::string at = place;
    for (int steps = 0; !at.empty() && steps < 64; ++steps) {
      if (std::find(wanted_.places->begin(), wanted_.places->end(), at) != wanted_.places->end()) return true;
      const auto found = above_.find(at);
      at = found == above_.end() ? "" : found->second;
    }
    return false;
  }

 private:
  const Wanted& wanted_;
  std::map<std::string, std::string> above_;
};

}  // namespace

std::string_view name_of(ReviewState state) { return kStates[static_cast<std::size_t>(state)]; }
std::string_view name_of(Signature signature) { return kSignatures[static_cast<std::size_t>(signature)]; }
std::optional<ReviewState> review_state_of(std::string_view name) {
  const auto found = std::find(kStates.begin(), kStates.end(), name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<ReviewState>(found - kStates.begin());
}

Wanted within_reach(const people::Person& person, const KeptForm& form, people::Right right) {
  people::Reach reach = people::reach(person, right, form.study);
  Wanted wanted;
  wanted.without = std::move(reach.without);
  if (!reach.everything) wanted.places = std::move(reach.places);
  return wanted;
}

void each_submission(Transaction& transaction, Id form, const Wanted& wanted,
                     const std::function<bool(const Opened&)>& reader) {
  if (transaction.locked()) throw storage::DatabaseError(storage::DatabaseError::Kind::kLocked, "stories are locked");
  const Narrowed narrowed(transaction, form, wanted);
  const Within within(transaction, wanted);
  Decrypter decrypter(transaction, wanted.key);
  Id after = wanted.after;
  std::int64_t given = 0;
  for (bool more = true; more;) {
    std::int64_t read = 0;
    transaction.each(kOpened,
                     {narrowed.workspace, narrowed.form, narrowed.state, narrowed.state, narrowed.lacks_files,
                      narrowed.from, narrowed.before, after.value, kPage},
                     [&](const Row& row) {
                       ++read;
                       if (!more) return;
                       Submission facts = read_facts(row);
                       after = facts.id;
                       if (!within.open(facts.id, facts.place)) return;
                       open_device_id(transaction, facts, row.blob(kFacts + 4));
                       auto xml =
                           open_instance(transaction, row.id(kFacts), row.blob(kFacts + 1), row.blob(kFacts + 2));
                       Opened opened{facts, {}, !xml, row.text(kFacts + 3)};
                       if (const auto envelope = xml ? encrypted_envelope(*xml) : std::nullopt) {
                         auto inside = decrypter.open(row.id(kFacts), *envelope, false);
                         opened.encrypted = true;
                         opened.unreadable = !inside;
                         if (inside) {
                           opened.signature = inside->signature;
                           *xml = std::move(inside->xml);
                         }
                       }
                       if (!opened.unreadable) opened.xml = *xml;
                       more = reader(opened);
                       if (++given == wanted.limit) more = false;
                     });
    if (read < kPage) more = false;
  }
}

std::int64_t count_submissions(Transaction& transaction, Id form, const Wanted& wanted) {
  const Narrowed narrowed(transaction, form, wanted);
  const Within within(transaction, wanted);
  std::int64_t count = 0;
  transaction.each(kPlacesOf,
                   {narrowed.workspace, narrowed.form, narrowed.state, narrowed.state, narrowed.lacks_files,
                    narrowed.from, narrowed.before},
                   [&](const Row& row) { count += within.open(row.id(0), row.string(1)); });
  return count;
}

std::vector<Submission> submissions(Transaction& transaction, Id form, const Wanted& wanted) {
  const Narrowed narrowed(transaction, form, wanted);
  const Within within(transaction, wanted);
  std::vector<Submission> all;
  std::int64_t before = wanted.after ? wanted.after.value : kForEver;
  for (bool more = true; more;) {
    std::int64_t read = 0;
    transaction.each(kFactsOf,
                     {narrowed.workspace, narrowed.form, narrowed.state, narrowed.state, narrowed.lacks_files,
                      narrowed.from, narrowed.before, before, kPage},
                     [&](const Row& row) {
                       ++read;
                       if (!more) return;
                       Submission facts = read_facts(row);
                       facts.device_id.clear();
                       before = facts.id.value;
                       if (!within.open(facts.id, facts.place)) return;
                       all.push_back(std::move(facts));
                       if (std::ssize(all) == wanted.limit) more = false;
                     });
    if (read < kPage) more = false;
  }
  return all;
}

std::vector<Submission> waiting_submissions(Transaction& transaction, std::string_view form_id) {
  std::vector<Submission> all;
  transaction.each(kWaiting, {transaction.workspace(), form_id, form_id}, [&](const Row& row) {
    all.push_back(read_facts(row));
    all.back().device_id.clear();
  });
  return all;
}

Result<Submission> find_submission(Transaction& transaction, Id id) {
  auto found = transaction.one(kOne, {transaction.workspace(), id}, read_facts);
  if (!found) return fail(problems::kNotFound, {{"what", "submission"}, {"name", id.text()}});
  open_device_id(transaction, *found, {});
  return std::move(*found);
}

std::optional<Id> submission_of(Transaction& transaction, std::string_view form_id, std::string_view instance_id) {
  return transaction.one(kOfInstance, {transaction.workspace(), form_id, instance_id},
                         [](const Row& row) { return row.id(0); });
}

Result<std::vector<KeptInstance>> instances_of(Transaction& transaction, Id submission,
                                               std::shared_ptr<const vault::SubmissionKey> key) {
  Decrypter decrypter(transaction, std::move(key));
  std::vector<KeptInstance> all;
  transaction.each(kInstances, {transaction.workspace(), submission}, [&](const Row& row) {
    auto xml = open_instance(transaction, row.id(0), row.blob(2), row.blob(6));
    all.push_back({row.id(0), row.string(1), xml.value_or(""), row.id(3), row.id(4), row.integer(5), !xml});
  });
  for (KeptInstance& each : all) {
    if (each.unreadable) continue;
    const auto envelope = encrypted_envelope(each.xml);
    if (!envelope) continue;
    auto inside = decrypter.open(each.id, *envelope, false);
    each.unreadable = !inside;
    each.xml = inside ? std::move(inside->xml) : "";
  }
  return all;
}

namespace {

std::vector<Attachment> attachments_of_instance(Transaction& transaction, Id instance) {
  std::vector<Attachment> all;
  transaction.each(kAttachments, {transaction.workspace(), instance}, [&](const Row& row) {
    all.push_back({row.id(0), std::string(row.blob(1)), row.string(2), row.integer(3), !row.is_null(4),
                   row.integer(5) != 0, row.id(6)});
  });
  for (Attachment& each : all) each.name = transaction.open("submission_attachment", "name", each.id, each.name);
  return all;
}

struct Newest {
  Id instance;
  std::string xml;  // opened; empty: it does not open
};
std::optional<Newest> newest_instance(Transaction& transaction, Id submission) {
  auto found = transaction.one(kNewest, {transaction.workspace(), submission}, [](const Row& row) {
    return Newest{row.id(0), std::string(row.blob(1))};
  });
  if (found) found->xml = open_instance(transaction, found->instance, found->xml, {}).value_or("");
  return found;
}

}  // namespace

std::vector<Attachment> attachments_of(Transaction& transaction, Id submission) {
  const auto newest = newest_instance(transaction, submission);
  if (!newest) return {};
  std::vector<Attachment> all = attachments_of_instance(transaction, newest->instance);
  const auto envelope = encrypted_envelope(newest->xml);
  if (!envelope) return all;
  for (Attachment& each : all) {
    const auto found = std::find(envelope->media.begin(), envelope->media.end(), each.name);
    if (found == envelope->media.end()) continue;
    each.encrypted = true;
    each.position = static_cast<std::size_t>(found - envelope->media.begin());
    each.name = name_inside(each.name);
  }
  return all;
}

Result<void> read_attachment(Transaction& transaction, Id submission, const Attachment& attachment,
                             const std::function<void(std::string_view)>& reader,
                             std::shared_ptr<const vault::SubmissionKey> key) {
  if (!attachment.encrypted) return storage::read_blob(transaction, attachment.blob, reader);
  const auto newest = newest_instance(transaction, submission);
  const auto envelope = newest ? encrypted_envelope(newest->xml) : std::nullopt;
  if (!envelope) return fail(problems::kNotFound, {{"what", "attachment"}, {"name", attachment.id.text()}});
  return Decrypter(transaction, std::move(key)).read_file(*envelope, attachment.position, attachment.blob, reader);
}

std::optional<Signature> check_signature(Transaction& transaction, Id submission,
                                         std::shared_ptr<const vault::SubmissionKey> key) {
  const auto newest = newest_instance(transaction, submission);
  const auto envelope = newest ? encrypted_envelope(newest->xml) : std::nullopt;
  if (!envelope) return std::nullopt;
  const auto inside = Decrypter(transaction, std::move(key)).open(newest->instance, *envelope, true);
  return inside ? std::optional(inside->signature) : std::nullopt;
}

void expect_again(Transaction& transaction, Id submission, const std::vector<std::string>& file_paths) {
  if (file_paths.empty()) return;
  if (transaction.locked()) {
    transaction.run(kUncounted, {transaction.workspace(), submission});
    return;
  }
  const auto newest = newest_instance(transaction, submission);
  if (!newest || newest->xml.empty() || encrypted_envelope(newest->xml)) return;  // an envelope names its files itself
  const std::vector<Attachment> there = attachments_of_instance(transaction, newest->instance);
  int expected = 0, present = 0;
  for (const std::string& name : named_files(newest->xml, file_paths)) {
    ++expected;
    const auto held =
        std::find_if(there.begin(), there.end(), [&](const Attachment& each) { return each.name == name; });
    if (held == there.end()) continue;
    transaction.run(kExpect, {transaction.workspace(), held->id});
    present += held->present;
  }
  transaction.run(kCounted, {expected, present, transaction.workspace(), submission});
}

// Nobody who opens stories waits for more than so many; the rest is counted when they are opened next.
constexpr std::int64_t kCountedAtOnce = 500;

int count_waiting_files(Transaction& transaction) {
  if (transaction.locked()) return 0;
  struct Uncounted {
    Id submission;
    std::vector<std::string> file_paths;
  };
  std::vector<Uncounted> all;
  transaction.each(kToCount, {transaction.workspace(), kCountedAtOnce}, [&](const Row& row) {
    Uncounted& one = all.emplace_back(Uncounted{row.id(0), {}});
    for (std::string_view path : split(row.text(1), '\n'))
      if (!path.empty()) one.file_paths.emplace_back(path);
  });
  for (const Uncounted& each : all) {
    // Also what does not open, or names its files itself: it would be opened again and again.
    transaction.run(kLookedAt, {transaction.workspace(), each.submission});
    expect_again(transaction, each.submission, each.file_paths);
  }
  return static_cast<int>(all.size());
}

Result<void> review(Transaction& transaction, Id submission, Id account, std::optional<ReviewState> state,
                    std::string_view text) {
  TRY(find_submission(transaction, submission));
  text = trim(text);
  if (!state && text.empty())
    return fail(problems::kMissingValue,
                {{"where", "The review"}, {"what", "a state or a comment"}, {"hint", "Choose or write one."}});
  if (text.size() > 20000)
    return fail(problems::kTooLarge, {{"what", "The comment"}, {"limit", "20,000 bytes"}, {"hint", "Shorten it."}});
  if (state) {
    transaction.run(kSetReview, {name_of(*state), now(), transaction.workspace(), submission});
    tell_webhooks(transaction, submission, Happened::kReviewed);
  }
  const Id id = Id::make();
  const std::string sealed = transaction.seal(id, "submission_comment", "text", id, text);
  transaction.run(kAddComment,
                  {transaction.workspace(), id, submission, account,
                   state ? std::string_view(name_of(*state)) : std::string_view(""), Parameter::blob(sealed), now()});
  return {};
}

std::vector<Comment> comments_of(Transaction& transaction, Id submission) {
  std::vector<Comment> all;
  transaction.each(kComments, {transaction.workspace(), submission}, [&](const Row& row) {
    all.push_back({row.id(0), row.id(1), review_state_of(row.text(2)), std::string(row.blob(3)), row.integer(4)});
  });
  for (Comment& each : all) each.text = transaction.open("submission_comment", "text", each.id, each.text);
  return all;
}

}  // namespace understory::collect

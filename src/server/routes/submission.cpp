// One submission: its answers by question, what its form would say of them, its files, its history and its review.
#include "collect/submissions.h"

#include "collect/filling.h"
#include "collect/quarantine.h"
#include "foundation/text.h"
#include "people/device.h"
#include "people/sign_in.h"
#include "people/whole.h"
#include "server/fill_page.h"
#include "server/ranges.h"
#include "server/routes.h"
#include "server/submission_list.h"
#include "server/thing.h"
#include "storage/blobs.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

using collect::AnswerType;
using collect::Control;
using collect::Element;
using collect::Filling;
using collect::Node;
using collect::ReviewState;
using people::Right;

constexpr std::size_t kMostShown = 20'000;  // answers of one page

// The version it was filled in by, else the newest there is: the words of questions change less than their names.
std::optional<Id> version_for(const Visit& visit, const collect::Submission& submission) {
  if (submission.version) return submission.version;
  if (!submission.form) return std::nullopt;
  const auto versions = collect::form_versions(visit.transaction, submission.form);
  if (versions.empty()) return std::nullopt;
  return versions.front().id;
}

struct Answer {
  std::string address, label, shown, raw;
  bool heading = false;
};

std::string label_of(const Filling& filling, const Element& element) {
  if (element.node < 0) return element.name;
  const std::string label = filling.text(filling.form().nodes[static_cast<std::size_t>(element.node)].label, element);
  return label.empty() ? element.name : label;
}

// What was chosen in words; empty where that says no more than what was sent.
std::string in_words(const Filling& filling, const Element& element) {
  if (element.node < 0) return "";
  const Node& node = filling.form().nodes[static_cast<std::size_t>(element.node)];
  const bool many = node.control == Control::kSelectMany || node.control == Control::kRank;
  if (!many && node.control != Control::kSelectOne) return "";
  std::string words;
  const auto offered = filling.choices(element);
  const auto values = many ? split(element.text, ' ') : std::vector<std::string_view>{element.text};
  for (std::string_view value : values) {
    const auto found =
        std::find_if(offered.begin(), offered.end(), [&](const auto& each) { return each.value == value; });
    if (value.empty()) continue;
    words += (words.empty() ? "" : ", ") + (found == offered.end() ? std::string(value) : found->label);
  }
  return words;
}

// All that was sent, in the order of the form; what was asked and not answered too.
void walk(const Filling& filling, const Element& element, std::vector<Answer>& answers) {
  for (const auto& child : element.children) {
    if (answers.size() >= kMostShown) return;
    if (child->name == "meta") continue;
    const Node* node = child->node < 0 ? nullptr : &filling.form().nodes[static_cast<std::size_t>(child->node)];
    const bool field = node ? node->shape == Node::Shape::kField : child->children.empty();
    if (!field) {
      const std::size_t before = answers.size();
      // A group without words of its own is there for the form's maker alone.
      if (node && node->shape == Node::Shape::kGroup && node->label.empty()) {
        walk(filling, *child, answers);
        continue;
      }
      std::string label = label_of(filling, *child);
      if (node && node->shape == Node::Shape::kRepeat) label += " " + std::to_string(child->position() + 1);
      answers.push_back({filling.address_of(*child), label, "", "", true});
      walk(filling, *child, answers);
      if (answers.size() == before + 1) answers.pop_back();
      continue;
    }
    if (child->text.empty() &&
        (!child->relevant || !node || node->control == Control::kNone || filling.readonly(*child)))
      continue;
    const std::string words = in_words(filling, *child);
    answers.push_back({filling.address_of(*child), label_of(filling, *child), words.empty() ? child->text : words,
                       words == child->text ? "" : (words.empty() ? "" : child->text), false});
  }
}

mustache::data answer_rows(const std::vector<Answer>& answers) {
  mustache::data rows{mustache::data::type::list};
  for (const Answer& each : answers) {
    mustache::data row;
    row.set("label", each.label);
    row.set("heading", each.heading);
    row.set("value", each.shown);
    if (!each.raw.empty()) row.set("raw", each.raw);
    rows << row;
  }
  return rows;
}

// One instance as the form shows it; nothing where it cannot be read.
class Reader {
 public:
  Reader(const Visit& visit, Id version) {
    form_ = std::make_shared<const collect::Form>(collect::form_of(visit.transaction, version));
    plan_ = collect::plan_of(form_);
    lists_ = lists_of(visit.transaction, version);
    setting_.now = now();
    setting_.language = nearest_language(form_->languages, visit.language());
  }
  std::optional<Filling> read(const std::string& xml) const {
    const auto envelope = collect::read_envelope(xml);
    if (!envelope || envelope->encrypted) return std::nullopt;
    auto filling = Filling::load(plan_, lists_, setting_, xml, Filling::As::kReview);
    if (!filling) return std::nullopt;
    return std::move(*filling);
  }
  const std::string& language() const { return setting_.language; }

 private:
  std::shared_ptr<const collect::Form> form_;
  std::shared_ptr<const collect::FormPlan> plan_;
  collect::Lists lists_;
  collect::Setting setting_;
};

std::string sender_name(const Visit& visit, Id account, Id device) {
  if (!device) return account_name(visit, account);
  const auto found = people::find_device(visit.transaction, device);
  return found ? found->name : "";
}

std::map<std::string, Answer> by_address(const Filling& filling) {
  std::vector<Answer> answers;
  walk(filling, filling.root(), answers);
  std::map<std::string, Answer> map;
  for (Answer& each : answers)
    if (!each.heading) map.emplace(each.address, each);
  return map;
}

// What one edit changed, question by question.
mustache::data changes_between(const Filling& before, const Filling& after) {
  const auto old = by_address(before), made = by_address(after);
  mustache::data rows{mustache::data::type::list};
  const auto add = [&](const Answer& named, const std::string& from, const std::string& to) {
    mustache::data row;
    row.set("label", named.label);
    row.set("before", from);
    row.set("after", to);
    rows << row;
  };
  for (const auto& [address, answer] : old) {
    const auto now = made.find(address);
    if (now == made.end())
      add(answer, answer.shown, "");
    else if (now->second.shown != answer.shown)
      add(answer, answer.shown, now->second.shown);
  }
  for (const auto& [address, answer] : made)
    if (!old.contains(address)) add(answer, "", answer.shown);
  return rows;
}

mustache::data amiss_rows(const Visit& visit, const Filling& filling) {
  mustache::data rows{mustache::data::type::list};
  for (const collect::Unmet& each : filling.problems()) {
    const Element* element = filling.find(each.address);
    mustache::data row;
    row.set("label", element ? label_of(filling, *element) : each.address);
    row.set("text",
            !each.message.empty() ? each.message
            : each.kind == collect::Unmet::Kind::kRange
                ? visit.words.say({"fill.amiss_range",
                                   {{"from", filling.form().nodes[static_cast<std::size_t>(each.node)].range_start},
                                    {"to", filling.form().nodes[static_cast<std::size_t>(each.node)].range_end}}})
                : visit.say("fill.amiss_" + std::string(name_of(each.kind))));
    rows << row;
  }
  return rows;
}

mustache::data file_rows(const Visit& visit, const collect::Submission& submission) {
  mustache::data rows{mustache::data::type::list};
  for (const collect::Attachment& each : collect::attachments_of(visit.transaction, submission.id)) {
    mustache::data row;
    row.set("name", each.name);
    if (each.present) {
      row.set("link", "/submissions/" + submission.id.text() + "/attachments/" + each.id.text());
      row.set("size", visit.words.say({"submissions.bytes", {{"n", each.size}}}));
    } else {
      row.set("missing", visit.say("submissions.file_missing"));
    }
    if (!each.expected) row.set("extra", visit.say("submissions.file_extra"));
    rows << row;
  }
  return rows;
}

void set_review(const Visit& visit, const collect::Submission& submission, mustache::data& data) {
  mustache::data comments{mustache::data::type::list};
  for (const collect::Comment& each : collect::comments_of(visit.transaction, submission.id)) {
    mustache::data row;
    row.set("when", minute_text(each.made_at));
    row.set("who", account_name(visit, each.account));
    if (each.state) row.set("state", visit.say("submissions.state_" + std::string(name_of(*each.state))));
    row.set("text", each.text);
    comments << row;
  }
  data.set("comments", comments);
  if (!people::decide(visit.person, Right::kReviewSubmissions, record_of(visit.transaction, submission)).allowed)
    return;
  mustache::data review;
  mustache::data deeds{mustache::data::type::list};
  for (const ReviewState state : {ReviewState::kApproved, ReviewState::kHasIssues, ReviewState::kRejected})
    deeds << option(std::string(name_of(state)), visit.say("submissions.make_" + std::string(name_of(state))), false);
  review.set("deeds", deeds);
  review.set("form", visit.form_token());
  set_labels(visit, review, "submissions.", {"comment", "only_comment"});
  if (submission.waits_for != collect::WaitsFor::kNothing) review.set("release", visit.say("submissions.release"));
  if (submission.version) {
    review.set("edit", visit.say("submissions.edit"));
    review.set("edit_address", "/submissions/" + submission.id.text() + "/edit");
  }
  data.set("may_review", review);
}

}  // namespace

Result<Response> show_submission(const Visit& visit) {
  const collect::Submission submission = TRY(submission_named(visit));
  const auto form = collect::find_form(visit.transaction, submission.form);
  Page page;
  page.title = visit.words.say({"submissions.one", {{"number", submission.id.text()}}});
  page.page = "submission";
  mustache::data& data = page.data;
  data.set("title", page.title);
  const SubmissionList list = SubmissionList::of(visit.request);
  data.set("address", list.address(submission));
  if (form) {
    data.set("back_address", list.address(*form));
    if (const Id next = list.next(visit, *form, submission.id)) {
      collect::Submission behind;
      behind.id = next;
      data.set("next", visit.say("submissions.next"));
      data.set("next_address", list.address(behind));
    }
    data.set("back",
             visit.words.say({"submissions.title", {{"form", form->title.empty() ? form->form_id : form->title}}}));
  }
  set_labels(visit, data, "submissions.",
             {"answers", "question", "answer", "raw", "amiss", "amiss_about", "files", "history", "before", "after",
              "comments"});
  mustache::data facts{mustache::data::type::list};
  const auto fact = [&](const char* label, const std::string& value) {
    if (value.empty()) return;
    mustache::data entry;
    entry.set("label", visit.say(label));
    entry.set("value", value);
    facts << entry;
  };
  fact("submissions.state", visit.say("submissions.state_" + std::string(name_of(submission.state))));
  fact("submissions.received_column", minute_text(submission.received_at));
  fact("submissions.sender", sender_name(visit, submission.account, submission.device));
  fact("submissions.place", submission.place);
  fact("submissions.version", submission.form_version);
  fact("submissions.instance", submission.instance_id);
  data.set("facts", facts);
  if (submission.waits_for != collect::WaitsFor::kNothing)
    data.set("waits", visit.say("submissions.waits_" + std::string(name_of(submission.waits_for))));

  const auto instances = collect::instances_of(visit.transaction, submission.id);
  const auto version = version_for(visit, submission);
  std::optional<Filling> newest;
  mustache::data history{mustache::data::type::list};
  if (instances && version) {
    const Reader reader(visit, *version);
    if (const std::string code = language_code(reader.language()); !code.empty()) data.set("code", code);
    std::optional<Filling> before;
    for (const collect::KeptInstance& each : *instances) {
      auto filling = reader.read(each.xml);
      mustache::data row;
      row.set("when", minute_text(each.received_at));
      row.set("who", sender_name(visit, each.account, each.device));
      row.set("what", visit.say(before ? "submissions.edited" : "submissions.first_sent"));
      if (before && filling) row.set("changes", changes_between(*before, *filling));
      row.set("has_changes", before && filling);
      history << row;
      if (filling) before = std::move(filling);
    }
    if (!instances->empty()) newest = reader.read(instances->back().xml);
  }
  data.set("history", history);
  if (newest) {
    std::vector<Answer> answers;
    walk(*newest, newest->root(), answers);
    data.set("rows", answer_rows(answers));
    const auto amiss = amiss_rows(visit, *newest);
    data.set("has_amiss", amiss.is_non_empty_list());
    data.set("amiss", amiss);
  } else if (instances && !instances->empty() && !version) {
    data.set("xml", instances->back().xml);
    data.set("unread", visit.say("submissions.no_form"));
  } else {
    data.set("unread", visit.say("submissions.unreadable"));
  }
  const auto files = file_rows(visit, submission);
  data.set("has_files", files.is_non_empty_list());
  data.set("files", files);
  set_review(visit, submission, data);
  const people::Record record = record_of(visit.transaction, submission);
  if (people::decide(visit.person, Right::kReviewSubmissions, record).allowed) {
    mustache::data looks;
    looks.set("address", "/submissions/" + submission.id.text() + "/looks");
    looks.set("label", visit.say("looks.link"));
    data.set("looks", looks);
  }
  if (people::decide(visit.person, Right::kChangeStudy, record).allowed &&
      people::has_whole(visit.person, Right::kChangeStudy, record.study)) {
    mustache::data link;
    link.set("address", "/submissions/" + submission.id.text() + "/erase");
    link.set("label", visit.say("erase.title"));
    data.set("erase", link);
  }
  return show(visit, std::move(page));
}

Result<Response> review_submission(const Visit& visit) {
  const collect::Submission submission = TRY(submission_named(visit));
  const std::string what = visit.request.field("do");
  if (what == "comment" && trim(visit.request.field("comment")).empty())
    return fail(
        problems::kMissingValue,
        {{"where", visit.say("submissions.comments")}, {"what", visit.say("submissions.comment")}, {"hint", ""}});
  if (what == "release")
    TRY(collect::release(visit.transaction, submission.id));
  else
    TRY(collect::review(visit.transaction, submission.id, visit.person.account, collect::review_state_of(what),
                        visit.request.field("comment")));
  return see_other(SubmissionList::of(visit.request).address(submission));
}

namespace {

// Piece by piece; each is opened for the person who asked, for as long as they are signed in.
class AttachmentPieces : public Pieces {
 public:
  AttachmentPieces(storage::Workspace& workspace, std::string session, Id blob)
      : workspace_(workspace), session_(std::move(session)), blob_(blob) {}
  Result<std::string> next() override {
    storage::Transaction transaction = workspace_.read();
    if (!session_.empty()) {
      const auto session = people::session_of(workspace_, transaction, session_);
      if (!session) return fail(problems::kSignInNeeded);
      if (session->key) transaction.unlock(session->key);
    }
    return storage::read_blob_piece(transaction, blob_, position_++);
  }
  std::uint64_t skip(std::uint64_t bytes) override {
    position_ = static_cast<std::int64_t>(bytes / storage::kBlobPiece);
    return static_cast<std::uint64_t>(position_) * storage::kBlobPiece;
  }

 private:
  storage::Workspace& workspace_;
  const std::string session_;
  const Id blob_;
  std::int64_t position_ = 0;
};

}  // namespace

// Inert, whatever it claims to be: a file to be saved, never one a browser opens here.
Result<Response> send_attachment(const Visit& visit) {
  const collect::Submission submission = TRY(submission_named(visit));
  const Id wanted = TRY(visit.id("attachment"));
  for (const collect::Attachment& each : collect::attachments_of(visit.transaction, submission.id)) {
    if (each.id != wanted || !each.present) continue;
    Response response;
    response.content_type = "application/octet-stream";
    response.size = static_cast<std::uint64_t>(each.size);
    response.pieces = std::make_shared<AttachmentPieces>(visit.workspace, visit.session, each.blob);
    response.headers.emplace_back("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(each.name));
    return ranged(visit.request, std::move(response));
  }
  return fail(problems::kNotFound, {{"what", "attachment"}, {"name", wanted.text()}});
}

}  // namespace understory::server

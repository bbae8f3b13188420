// What was sent by one form, as a list to work through: by state, what misses attachments, what waits in quarantine.
#include "collect/submissions.h"

#include "collect/quarantine.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/device.h"
#include "server/routes.h"
#include "server/submission_list.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

using collect::ReviewState;
using people::Right;

constexpr std::int64_t kShown = 50;  // a page
constexpr ReviewState kStates[] = {ReviewState::kReceived, ReviewState::kHasIssues, ReviewState::kEdited,
                                   ReviewState::kApproved, ReviewState::kRejected};
constexpr std::size_t kMostAtOnce = 500;

std::string state_text(const Visit& visit, ReviewState state) {
  return visit.say("submissions.state_" + std::string(name_of(state)));
}

// Who sent it: accounts and devices by their names, looked up once.
class Senders {
 public:
  explicit Senders(const Visit& visit) {
    for (const people::Account& each : people::accounts(visit.transaction)) names_[each.id] = each.name;
    for (const people::Device& each : people::devices(visit.transaction)) names_[each.id] = each.name;
  }
  std::string of(const collect::Submission& submission) const {
    const auto found = names_.find(submission.device ? submission.device : submission.account);
    return found == names_.end() ? std::string() : found->second;
  }

 private:
  std::map<Id, std::string> names_;
};

mustache::data row_of(const Visit& visit, const Senders& senders, const SubmissionList& list,
                      const collect::Submission& each) {
  mustache::data row;
  row.set("id", each.id.text());
  row.set("address", list.address(each));
  row.set("when", minute_text(each.received_at));
  row.set("sender", senders.of(each));
  row.set("place", each.place);
  row.set("version", each.form_version);
  row.set("state", state_text(visit, each.state));
  row.set("edits", std::to_string(each.edits));
  row.set("select", visit.words.say({"submissions.select", {{"number", each.id.text()}}}));
  const std::int64_t missing = each.attachments_expected - each.attachments_present;
  if (each.attachments_expected > 0)
    row.set("files", missing > 0 ? visit.words.say({"submissions.files_missing", {{"n", missing}}})
                                 : visit.say("submissions.files_whole"));
  row.set("missing", missing > 0);
  if (list.which != SubmissionList::Which::kLacking || visit.transaction.locked()) return row;
  std::vector<std::string> names;
  for (const collect::Attachment& file : collect::attachments_of(visit.transaction, each.id))
    if (file.expected && !file.present) names.push_back(file.name);
  if (!names.empty()) row.set("files", visit.words.say({"submissions.lacks", {{"names", join(names, ", ")}}}));
  return row;
}

mustache::data waiting_rows(const Visit& visit, const Senders& senders, const SubmissionList& list,
                            const std::vector<collect::Submission>& waiting) {
  mustache::data rows{mustache::data::type::list};
  for (const collect::Submission& each : waiting) {
    mustache::data row = row_of(visit, senders, list, each);
    row.set("reason", visit.say("submissions.waits_" + std::string(name_of(each.waits_for))));
    if (people::decide(visit.person, Right::kReviewSubmissions, record_of(visit.transaction, each)).allowed)
      row.set("may_release", true);
    row.set("release", visit.say("submissions.release"));
    rows << row;
  }
  return rows;
}

// Which of them, each with how many are open to this person.
mustache::data tabs(const Visit& visit, const collect::KeptForm& form, const SubmissionList& shown,
                    std::size_t waiting) {
  using Which = SubmissionList::Which;
  mustache::data all{mustache::data::type::list};
  const auto add = [&](Which which, const char* key, std::int64_t n) {
    SubmissionList list;
    list.which = which;
    all << option(list.address(form), visit.words.say({key, {{"n", n}}}), which == shown.which);
  };
  const auto count = [&](bool lacks_files) {
    collect::Wanted wanted = collect::within_reach(visit.person, form);
    wanted.lacks_files = lacks_files;
    return collect::count_submissions(visit.transaction, form.id, wanted);
  };
  add(Which::kAll, "submissions.tab_all", count(false));
  add(Which::kLacking, "submissions.tab_lacking", count(true));
  add(Which::kWaiting, "submissions.tab_waiting", static_cast<std::int64_t>(waiting));
  return all;
}

// Those that do not wait: filtered, a page of them, and what may be done with those chosen.
void set_received(const Visit& visit, const collect::KeptForm& form, const SubmissionList& list, const Senders& senders,
                  mustache::data& data) {
  collect::Wanted wanted = list.wanted(visit, form);
  data.set("filters", true);
  data.set("list", list.which == SubmissionList::Which::kLacking ? "lacking" : "");
  data.set("from", list.from);
  data.set("to", list.to);
  mustache::data states{mustache::data::type::list};
  const auto counted = [&](std::optional<ReviewState> state) {
    collect::Wanted same = wanted;
    same.state = state;
    return collect::count_submissions(visit.transaction, form.id, same);
  };
  for (const ReviewState state : kStates)
    states << option(std::string(name_of(state)), fmt::format("{} ({})", state_text(visit, state), counted(state)),
                     wanted.state == state);
  data.set("states", states);
  data.set("found", visit.words.say({"submissions.found", {{"n", counted(wanted.state)}}}));
  wanted.after = Id::parse(visit.request.parameter("after")).value_or(Id{});
  wanted.limit = kShown + 1;
  auto found = collect::submissions(visit.transaction, form.id, wanted);
  const bool more = std::ssize(found) > kShown;
  if (more) found.pop_back();
  mustache::data rows{mustache::data::type::list};
  for (const collect::Submission& each : found) rows << row_of(visit, senders, list, each);
  data.set("submissions", rows);
  data.set("has_rows", !found.empty());
  if (found.empty())
    data.set("none", visit.say(list.which == SubmissionList::Which::kLacking ? "submissions.none_lacking"
                                                                             : "submissions.none"));
  else if (list.which == SubmissionList::Which::kLacking)
    data.set("lacking_about", visit.say("submissions.lacking_about"));
  if (more) {
    const std::string address = list.address(form);
    mustache::data next;
    next.set("address",
             address + (address.find('?') == std::string::npos ? "?" : "&") + "after=" + found.back().id.text());
    next.set("label", visit.say("submissions.older"));
    data.set("more", next);
  }
  if (!people::decide(visit.person, Right::kReviewSubmissions, record_of(form)).allowed) return;
  mustache::data deeds{mustache::data::type::list};
  for (const ReviewState state : {ReviewState::kApproved, ReviewState::kHasIssues, ReviewState::kRejected})
    deeds << option(std::string(name_of(state)), visit.say("submissions.make_" + std::string(name_of(state))), false);
  data.set("deeds", deeds);
  data.set("may_review", !found.empty());
}

Response list_page(const Visit& visit, const collect::KeptForm& form) {
  const SubmissionList list = SubmissionList::of(visit.request);
  Page page;
  page.title = visit.words.say({"submissions.title", {{"form", form.title.empty() ? form.form_id : form.title}}});
  page.page = "submissions";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  data.set("address", list.address(form));
  data.set("list_address", list.address(form));
  data.set("plain_address", "/forms/" + form.id.text() + "/submissions");
  data.set("back", visit.say("forms.title"));
  set_labels(visit, data, "submissions.",
             {"received_column", "sender", "place", "version",     "state",   "files",        "edits",  "show",
              "every_state",     "from",   "to",    "show_button", "comment", "comment_hint", "chosen", "waiting",
              "waiting_about",   "reason", "pick",  "tabs"});
  const Senders senders(visit);
  const auto waiting = waiting_for(visit, form);
  data.set("each_tab", tabs(visit, form, list, waiting.size()));
  if (list.which != SubmissionList::Which::kWaiting) {
    set_received(visit, form, list, senders, data);
  } else {
    data.set("waiting", waiting_rows(visit, senders, list, waiting));
    data.set("any_waits", !waiting.empty());
    if (waiting.empty()) data.set("none", visit.say("submissions.none_waiting"));
  }
  return show(visit, std::move(page));
}

// Those chosen that this person may review, and that belong to the form: all of them, or none is touched.
Result<std::vector<Id>> chosen(const Visit& visit, const collect::KeptForm& form) {
  std::vector<Id> ids;
  for (const auto& [name, value] : visit.request.form) {
    if (name != "submission") continue;
    const auto not_there =
        fail(problems::kNotFound, {{"what", "submission"}, {"name", std::string(shortened(value, 40))}});
    const auto id = Id::parse(value);
    if (!id) return not_there;
    const auto found = collect::find_submission(visit.transaction, *id);
    if (!found || found->form_id != form.form_id ||
        !people::decide(visit.person, Right::kReviewSubmissions, record_of(visit.transaction, *found)).allowed)
      return not_there;
    ids.push_back(*id);
    if (ids.size() > kMostAtOnce) break;
  }
  if (ids.empty())
    return fail(problems::kMissingValue, {{"where", visit.say("submissions.chosen")},
                                          {"what", visit.say("submissions.pick")},
                                          {"hint", visit.say("submissions.pick_hint")}});
  return ids;
}

}  // namespace

Result<Response> show_submissions(const Visit& visit) { return list_page(visit, TRY(form_named(visit))); }

Result<Response> review_submissions(const Visit& visit) {
  const collect::KeptForm form = TRY(form_named(visit));
  // A problem is a page of its own: nothing of what was asked is kept then.
  const std::vector<Id> ids = TRY(chosen(visit, form));
  if (visit.request.field("do") == "release") {
    for (const Id id : ids) TRY(collect::release(visit.transaction, id));
  } else {
    const auto state = collect::review_state_of(visit.request.field("do"));
    for (const Id id : ids)
      TRY(collect::review(visit.transaction, id, visit.person.account, state, visit.request.field("comment")));
  }
  return see_other(SubmissionList::of(visit.request).address(form));
}

}  // namespace understory::server

// What was sent by one form, as a list to work through: by state, what misses attachments, what waits in quarantine.
#include "collect/submissions.h"

#include "collect/quarantine.h"
#include "foundation/text.h"
#include "people/account.h"
#include "people/device.h"
#include "server/routes.h"
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
    return found == names_.end() ? submission.device_id : found->second;
  }

 private:
  std::map<Id, std::string> names_;
};

// "2026-11-25" → its beginning in UTC; 0 where it says no day.
Milliseconds day_of(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return 0;
  const auto number = [&](std::size_t at, std::size_t size) {
    const std::string digits = text.substr(at, size);
    return digits.find_first_not_of("0123456789") == std::string::npos ? std::stoi(digits) : -1;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(day).time_since_epoch()).count();
}

constexpr Milliseconds kDay = 24 * 60 * 60 * 1000;

struct Asked {
  std::string state, from, to;
  Id after;
  std::string address(const collect::KeptForm& form, Id next) const {
    return "/forms/" + form.id.text() + "/submissions?state=" + percent_encode(state) +
           "&from=" + percent_encode(from) + "&to=" + percent_encode(to) + (next ? "&after=" + next.text() : "");
  }
};

mustache::data row_of(const Visit& visit, const Senders& senders, const collect::Submission& each) {
  mustache::data row;
  row.set("id", each.id.text());
  row.set("address", "/submissions/" + each.id.text());
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
  return row;
}

mustache::data waiting_rows(const Visit& visit, const Senders& senders, const collect::KeptForm& form, bool& any) {
  mustache::data rows{mustache::data::type::list};
  for (const collect::Submission& each : collect::waiting_submissions(visit.transaction, form.form_id)) {
    const people::Record record = record_of(visit.transaction, each);
    if (!people::decide(visit.person, Right::kReadSubmissions, record).allowed) continue;
    any = true;
    mustache::data row = row_of(visit, senders, each);
    row.set("reason", visit.say("submissions.waits_" + std::string(name_of(each.waits_for))));
    if (people::decide(visit.person, Right::kReviewSubmissions, record).allowed) row.set("may_release", true);
    row.set("release", visit.say("submissions.release"));
    rows << row;
  }
  return rows;
}

Response list_page(const Visit& visit, const collect::KeptForm& form, const std::optional<Problem>& problem = {}) {
  Asked asked{visit.request.parameter("state"), visit.request.parameter("from"), visit.request.parameter("to"),
              Id::parse(visit.request.parameter("after")).value_or(Id{})};
  collect::Wanted wanted = collect::within_reach(visit.person, form);
  wanted.state = collect::review_state_of(asked.state);
  wanted.received_from = day_of(asked.from);
  if (const Milliseconds last = day_of(asked.to); last != 0) wanted.received_before = last + kDay;
  Page page;
  page.title = visit.words.say({"submissions.title", {{"form", form.title.empty() ? form.form_id : form.title}}});
  page.page = "submissions";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  data.set("address", asked.address(form, {}));
  data.set("plain_address", "/forms/" + form.id.text() + "/submissions");
  data.set("back", visit.say("forms.title"));
  set_labels(visit, data, "submissions.",
             {"received_column", "sender", "place", "version", "state", "files", "edits", "show", "every_state", "from",
              "to", "show_button", "comment", "comment_hint", "chosen", "waiting", "waiting_about", "reason", "pick"});
  data.set("from", asked.from);
  data.set("to", asked.to);
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
  wanted.after = asked.after;
  wanted.limit = kShown + 1;
  auto found = collect::submissions(visit.transaction, form.id, wanted);
  const bool more = std::ssize(found) > kShown;
  if (more) found.pop_back();
  const Senders senders(visit);
  mustache::data rows{mustache::data::type::list};
  for (const collect::Submission& each : found) rows << row_of(visit, senders, each);
  data.set("submissions", rows);
  if (found.empty()) data.set("none", visit.say("submissions.none"));
  if (more) {
    mustache::data next;
    next.set("address", asked.address(form, found.back().id));
    next.set("label", visit.say("submissions.older"));
    data.set("more", next);
  }
  if (people::decide(visit.person, Right::kReviewSubmissions, record_of(form)).allowed) {
    mustache::data deeds{mustache::data::type::list};
    for (const ReviewState state : {ReviewState::kApproved, ReviewState::kHasIssues, ReviewState::kRejected})
      deeds << option(std::string(name_of(state)), visit.say("submissions.make_" + std::string(name_of(state))), false);
    data.set("deeds", deeds);
    data.set("may_review", !found.empty());
  }
  bool any_waits = false;
  data.set("waiting", waiting_rows(visit, senders, form, any_waits));
  data.set("any_waits", any_waits);
  if (problem) data.set("problem", visit.words.sentence(*problem));
  Response response = show(visit, std::move(page));
  if (problem) response.status = problem->status();
  return response;
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
  return see_other("/forms/" + form.id.text() + "/submissions");
}

}  // namespace understory::server

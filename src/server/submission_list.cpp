#include "server/submission_list.h"

#include "collect/quarantine.h"
#include "foundation/text.h"
#include "server/thing.h"

namespace understory::server {

namespace {

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

constexpr std::string_view kWhich[] = {"", "lacking", "waiting"};

}  // namespace

SubmissionList SubmissionList::of(const Request& request) {
  SubmissionList list;
  const std::string which = request.parameter("list");
  if (which == kWhich[1]) list.which = Which::kLacking;
  if (which == kWhich[2]) list.which = Which::kWaiting;
  const auto taken = [&](const char* name) { return std::string(shortened(request.parameter(name), 20)); };
  list.state = taken("state");
  list.from = taken("from");
  list.to = taken("to");
  return list;
}

std::string SubmissionList::query() const {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) query += (query.empty() ? "" : "&") + std::string(name) + "=" + percent_encode(value);
  };
  add("list", kWhich[static_cast<std::size_t>(which)]);
  add("state", state);
  add("from", from);
  add("to", to);
  return query;
}

std::string SubmissionList::address(const collect::KeptForm& form) const {
  const std::string asked = query();
  return "/forms/" + form.id.text() + "/submissions" + (asked.empty() ? "" : "?" + asked);
}

std::string SubmissionList::address(const collect::Submission& submission) const {
  const std::string asked = query();
  return "/submissions/" + submission.id.text() + (asked.empty() ? "" : "?" + asked);
}

collect::Wanted SubmissionList::wanted(const Visit& visit, const collect::KeptForm& form) const {
  collect::Wanted wanted = collect::within_reach(visit.person, form);
  wanted.lacks_files = which == Which::kLacking;
  wanted.state = collect::review_state_of(state);
  wanted.received_from = day_of(from);
  if (const Milliseconds last = day_of(to); last != 0) wanted.received_before = last + kDay;
  return wanted;
}

Id SubmissionList::next(const Visit& visit, const collect::KeptForm& form, Id submission) const {
  if (which == Which::kWaiting) {
    for (const collect::Submission& each : waiting_for(visit, form))
      if (each.id.value < submission.value) return each.id;
    return {};
  }
  collect::Wanted after = wanted(visit, form);
  after.after = submission;
  after.limit = 1;
  const auto found = collect::submissions(visit.transaction, form.id, after);
  return found.empty() ? Id{} : found.front().id;
}

std::vector<collect::Submission> waiting_for(const Visit& visit, const collect::KeptForm& form) {
  std::vector<collect::Submission> all = collect::waiting_submissions(visit.transaction, form.form_id);
  std::erase_if(all, [&](const collect::Submission& each) {
    return !people::decide(visit.person, people::Right::kReadSubmissions, record_of(visit.transaction, each)).allowed;
  });
  return all;
}

}  // namespace understory::server

#include "people/rights.h"

#include "people/whole.h"

#include <algorithm>

namespace understory::people {

namespace {

// Does the grant reach the record? Grants limited to a study or a place never reach beyond it.
bool reaches(const Grant& grant, Right right, const Record& record) {
  if (is_general(right)) return !grant.study && grant.place.empty();
  if (grant.study && grant.study != record.study) return false;
  if (grant.place.empty()) return true;
  // A study as such (its name, its codebook) is open to who works in any of its places; what is inside only there.
  if (!record.id && record.places.empty()) return true;
  return std::find(record.places.begin(), record.places.end(), grant.place) != record.places.end();
}

Decision decided(bool allowed, bool hidden, Reason why, Id grant = {}) {
  std::string reason = why.text();
  return {allowed, hidden, std::move(reason), grant, std::move(why)};
}

}  // namespace

Decision decide(const Person& person, Right right, const Record& record) {
  using Kind = Reason::Kind;
  if (person.at_machine) return decided(true, false, {.kind = Kind::kNoAccounts});
  if (!person.active) return decided(false, true, {.kind = Kind::kNobody});
  if (person.code_missing) return decided(false, false, {.kind = Kind::kNoCode});
  if (person.excluded_from.contains(record.study) || person.excluded_from.contains(record.id))
    return decided(false, true, {.kind = Kind::kExcluded});
  for (const Grant& grant : person.grants)
    if (may(grant.role, right) && reaches(grant, right, record))
      return decided(true, false,
                     {.kind = Kind::kRole, .role = grant.role, .in_study = bool(grant.study), .place = grant.place},
                     grant.id);
  // Whoever may not even see the study must not learn that it exists.
  const bool sees = is_general(right) || right == Right::kSeeStudy
                        ? false
                        : decide(person, Right::kSeeStudy, {record.study, {}, {}}).allowed;
  return decided(false, !is_general(right) && (!sees || record.id), {.kind = Kind::kNoRole, .right = right});
}

bool may_somewhere(const Person& person, Right right) {
  if (person.at_machine) return true;
  return person.active && !person.code_missing &&
         std::any_of(person.grants.begin(), person.grants.end(),
                     [&](const Grant& grant) { return may(grant.role, right); });
}

Reach reach(const Person& person, Right right, Id study) {
  Reach all;
  all.without = person.excluded_from;
  if (person.at_machine) {
    all.everything = true;
    return all;
  }
  if (!person.active || person.code_missing || person.excluded_from.contains(study)) return all;
  for (const Grant& grant : person.grants) {
    if (!may(grant.role, right) || (grant.study && grant.study != study)) continue;
    if (grant.place.empty())
      all.everything = true;
    else
      all.places.push_back(grant.place);
  }
  if (all.everything) all.places.clear();
  std::sort(all.places.begin(), all.places.end());
  all.places.erase(std::unique(all.places.begin(), all.places.end()), all.places.end());
  return all;
}

bool has_whole(const Person& person, Right right, Id study) {
  const Reach all = reach(person, right, study);
  return all.everything && all.without.empty();
}

}  // namespace understory::people

// Who said what: the table every answer counts from. A respondent stands in it once, however often a thing was said,
// in however many sources; the machine coder's codings never stand in it.
#pragma once
#include <string>
#include <vector>

#include "findings/answer.h"
#include "study/evidence.h"

namespace understory::findings {

// The rows an answer counts, and which codes speak for each.
struct Items {
  std::vector<Item> list;
  std::vector<std::vector<int>> of_code;  // code → the items it speaks for
  int add(Item item);
  void speaks(int code, int item);
};

// The codes of a kind as items. Level "top": the main codes, their parts counted in (the parts of a kind's only root;
// the roots themselves where there are several); "all": every code, each with its parts counted in. A root that is only
// a heading is no item, unless somebody was coded with it directly.
Items items_of_kind(const study::Evidence& evidence, std::string_view kind, const std::string& level,
                    const std::string& language);

// Codes below `code`, itself first.
std::vector<int> code_with_parts(const study::Codebook& codebook, int code);

// The label of the group whose value is not known.
inline constexpr std::string_view kNotKnown = "#findings.not_known";

struct Tally {
  std::vector<Group> groups;
  Items items;
  std::vector<int> people;                             // respondents who count, as indices into Evidence::respondents
  std::vector<int> person_of;                          // Evidence respondent → index into people; -1: does not count
  std::vector<int> group_of;                           // person → group
  std::vector<std::uint8_t> said;                      // people × items: 1 where said at least once
  std::vector<std::vector<std::vector<int>>> codings;  // [group][item] → codings that made somebody count, in order
  std::int64_t nobody = 0;  // human codings of these items whose speaker is not known: counted for no one
  int item_count() const { return static_cast<int>(items.list.size()); }
  bool has_said(int person, int item) const {
    return said[static_cast<std::size_t>(person) * items.list.size() + item] != 0;
  }
};

// `kind`: respondents count when they were asked about it; empty: asked about anything.
// kInvalidValue where the question narrows to a value nobody in the study has; the hint lists those there are.
Result<Tally> tally(const study::Evidence& evidence, const Question& question, Items items, std::string_view kind);

// A respondent's value of a facet, "" where unknown.
std::string facet_value(const study::Evidence& evidence, int respondent, std::string_view facet);

}  // namespace understory::findings

// An answer: numbers with their uncertainty, words made from the bounds, and the way back to what was told.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "findings/question.h"
#include "foundation/catalogue.h"
#include "foundation/id.h"

namespace understory::findings {

// "k of n who were asked", with how far it could be otherwise.
struct Estimate {
  std::int64_t mentioned = 0;  // respondents (or units the question names) who said it at least once
  std::int64_t asked = 0;
  double share = 0, low = 0, high = 1;  // 95 %
  std::string method;                   // "wilson" | "wilson_deff" | "cluster_bootstrap"
  double design_effect = 1;
  // Groups whose speakers were not told apart count as one respondent; if one of them said it / all of them said it:
  std::optional<std::pair<double, double>> group_bounds;
  int rank = 0, rank_low = 0, rank_high = 0;  // 1 is first; 0 where ranks make no sense. Interval from the bootstrap
  bool tied = false;
  double p_first = -1;       // chance of being first when asking similar informants again; -1: not computed
  std::vector<int> codings;  // indices into Evidence::codings: the passages behind `mentioned`
};

struct Group {        // a column of small multiples: one location, one gender …
  std::string key;    // stable, for URLs: the location's name, "female", "18-24", or "all"
  std::string label;  // plain words or a catalogue key when it begins with '#'
  std::int64_t asked = 0, clusters = 0, unread = 0;  // unread: respondents left out because no coder has read them yet
};
struct Item {         // a row: one code, or one thing the question derives
  std::string key;    // the code's path, or a stable word
  Id code;            // none for derived items
  std::string label;  // the code's own name; '#key' for derived ones
};

// Any further table of the answer. Cells are typed so that every format can show them its own way.
struct Interval {
  double value, low, high;
};
struct Share {
  double value;
};  // shown as per cent
struct Counted {
  std::int64_t count, of;
};
struct Words {
  std::string key;
};  // a catalogue key
using Cell = std::variant<std::monostate, std::string, std::int64_t, double, Share, Interval, Counted, Words>;
struct Table {
  std::string key;  // "cooccurrence", "agreement", "saturation", "trend_by_period", "differences"
  Message title;
  std::vector<std::pair<std::string, std::string>> columns;  // (stable key, catalogue key of the heading)
  std::vector<std::vector<Cell>> rows;
  std::vector<Id> row_codes;  // the code a row speaks of, where it speaks of one
  struct Arrow {              // keys of items; what links_behind() asks for
    std::string from, to;
    bool prevents;
  };
  std::vector<Arrow> arrows = {};  // of links: the one a row counts
};

// A chain that one source tells whole, and how well its ends hold together. For figures; tables say the same in words.
struct Thread {
  struct Step {
    std::string key, label;  // of the item
    std::int64_t told = 0;   // respondents who say that this leads to the next; 0 at the last
  };
  std::vector<Step> steps;
  std::int64_t asked = 0;
  std::int64_t sources = 0;               // that tell all of it
  std::int64_t standing = 0, doubts = 0;  // sources that tell any way from first to last; their links to be doubted
};

struct Answer {
  Question question;
  std::string study_name;
  bool purposive = true, invented = false;
  std::string data_hash;
  std::vector<Group> groups;
  std::vector<Item> items;                   // in the order of the whole: most mentioned first
  std::vector<std::vector<Estimate>> cells;  // [group][item]
  std::vector<Estimate> overall;             // [item], all groups together; none where two groups are compared
  double p_first_everywhere = -1;            // of items[0], over all groups
  std::vector<Table> tables;
  std::vector<Thread> threads;     // most told first, as in the table of that name; none where it is split by group
  std::int64_t all_threads = 0;    // told, of which the first are listed
  std::vector<Message> sentences;  // the finding, most important first
  std::vector<Message> warnings;   // thin evidence, purposive sample, few groups, unread sources …
};

// The forms of an answer. Same answer, same bytes. CSV and text carry the same numbers as JSON.
std::string answer_json(const Answer& answer, const Catalogue& words);
std::string answer_csv(const Answer& answer, const Catalogue& words);
std::string answer_text(const Answer& answer, const Catalogue& words);  // for the terminal, 80–100 columns

}  // namespace understory::findings

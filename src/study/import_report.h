// The receipt of an import: element by element what was read, was there already, was changed, is only kept, or could
// not be used. Nothing is dropped without a line here. Kept with the import (sealed) and printed.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/catalogue.h"

namespace understory::study {

enum class Outcome {
  kRead,      // new in the study
  kMerged,    // the study held it already; nothing changed
  kChanged,   // used, but not as it stood in the file: `what` says how
  kKept,      // no word for it here; kept to go out again
  kUnusable,  // not used: `what` says why
};
inline constexpr std::array<std::string_view, 5> kOutcomes{"read", "merged", "changed", "kept", "unusable"};

struct ImportLine {
  std::string element;  // "code", "source", "coding", "respondent" …
  Outcome outcome;
  std::string where;  // "line 12", "row 14", a GUID; never a story
  std::string what;   // English sentence
  Message said;       // the same for pages in other languages; no key: it is said in English alone
};

// How the positions of one source were read (design: exchange rule 1).
struct OffsetReading {
  std::string source;  // its name
  std::string unit;    // "code points", "UTF-16" or "UTF-8"
  bool counts_byte_order_mark = false;
  bool newline_counts_two = false;  // CRLF
  bool end_inclusive = false;
  double score = 0;      // 0…1, of the reading taken
  double runner_up = 0;  // of the best reading that would give other spans
  int selections = 0;
  std::string why;  // "prefers what qc writes; 158 of 158 selections begin and end at words"
};

struct ImportReport {
  std::string file, format;
  // element → how many of each outcome, in the order of kOutcomes
  std::map<std::string, std::array<std::int64_t, 5>> counts;
  std::vector<ImportLine> lines;  // only what a person should read: changed, kept, unusable
  std::vector<OffsetReading> readings;

  void count(std::string_view element, Outcome outcome, std::int64_t many = 1);
  // Counts it and, unless it is kRead or kMerged, writes a line.
  void note(std::string_view element, Outcome outcome, std::string_view where, std::string_view what);
  void note(std::string_view element, Outcome outcome, std::string_view where, Message said);
  // A line about an element that merge() counts.
  void remark(std::string_view element, std::string_view where, std::string_view what);
  void remark(std::string_view element, std::string_view where, Message said);
  std::int64_t of(std::string_view element, Outcome outcome) const;
  bool complete() const;     // nothing was unusable
  std::string text() const;  // for people
  std::string json() const;
};

}  // namespace understory::study

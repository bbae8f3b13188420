// Where a selection begins and ends, as each program counts it (docs/decisions/006-offsets.md).
//
// The standard counts code points and includes the end; no program does both. So every way of counting is tried on a
// source's selections and scored; what the file's origin is known to do is preferred where scores are close.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/text.h"
#include "study/import_report.h"

namespace understory::study {

enum class Unit { kCodePoint, kUtf16, kUtf8 };

struct Reading {
  Unit unit = Unit::kCodePoint;
  bool counts_byte_order_mark = false;  // the mark before the text is position 0
  bool newline_counts_two = true;       // CR LF counts as the two characters it is; false: as one
  bool end_inclusive = false;
  auto operator<=>(const Reading&) const = default;
};

// What the program that wrote the file does, from its `origin`.
Reading reading_of_origin(std::string_view origin);

struct RawSelection {
  std::int64_t start = 0, end = 0;   // as the file gives them
  std::string_view name, described;  // words the file says stand there, if any
  bool between = false;              // its ends are points between characters (sync points), never the last one
};

struct LocatedSpan {
  Span bytes;
  bool usable = false;   // lies within the text and is not empty
  bool widened = false;  // a border stood inside a character and was moved outward to its edge
};
std::vector<LocatedSpan> locate(std::string_view text, const std::vector<RawSelection>& selections,
                                const Reading& reading);

// How well a reading fits, each 0 … 1. `words`: selections whose name or description is (or begins) what stands there,
// over those that say any words; 0 where none does. `borders`: how many borders fall at the edges of lines and words
// without cutting a character.
struct Fit {
  double words = 0, borders = 0;
  // Names that fit no reading at all are names, not quotes; then only borders speak.
  double score(bool words_matter) const { return words_matter ? 0.7 * words + 0.3 * borders : borders; }
};
Fit fit_of(std::string_view text, const std::vector<RawSelection>& selections, const std::vector<LocatedSpan>& spans);

struct TextToRead {
  std::string name;              // for the report
  std::string_view text;         // UTF-8 without byte order mark
  bool byte_order_mark = false;  // the file began with one
  std::vector<RawSelection> selections;
};
struct ChosenReading {
  std::vector<LocatedSpan> spans;
  OffsetReading report;
};
// One reading for the whole project, since one program wrote it; a source that clearly speaks for another keeps its
// own.
std::vector<ChosenReading> choose_readings(const std::vector<TextToRead>& texts, std::string_view origin);

// For writers: a byte position in the program's own count, start or end of a selection (the end may be inclusive).
class Positions {
 public:
  Positions(std::string_view text, const Reading& reading, bool byte_order_mark);  // the text must outlive the object
  std::int64_t start_of(std::int64_t byte) const;
  std::int64_t end_of(std::int64_t byte) const;

 private:
  std::int64_t count(std::int64_t byte) const;
  OffsetMap map_;
  Reading reading_;
  std::int64_t mark_ = 0;
  std::vector<std::int64_t> carriage_returns_;  // bytes of CR before LF, where the two count one
};

}  // namespace understory::study

// Reading sources: lists without opening a seal, one source with everything on it, search in texts.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "foundation/text.h"
#include "storage/workspace.h"

namespace understory::study {

struct SourceLine {  // one line of the list
  Id id;
  std::string name;  // opened
  std::string kind, language, told_on;
  Id location;
  std::int64_t byte_length = 0;
  int version = 1;
  Id translation_of, replaced_by;
  bool is_read = false;
  int codings = 0, coders = 0, respondents = 0;
};
// The newest version of each source, by location, kind and name. Counts are of all coders; for people on pages, see
// hide_others() in blind.h.
std::vector<SourceLine> list_sources(storage::Transaction& transaction, Id study);

struct SourceTurn {
  Span span;
  std::int64_t speech = 0;
  Id respondent;
};
struct SourceCoding {
  Id id, code, coder;
  Span span;
};
struct SourceLink {
  Id id, coder, from, to;
  Span span;
  int sign = 1;
  std::string certainty;
  // Of a link from one passage to another; else both empty, and its words are all of `span`.
  Span from_span, to_span;
};
struct SourceMask {
  Span span;
  std::string kind;
  std::string instead;  // opened: what is shown in its place; empty: signs
  Id coder;             // who put it on at the desk
};
struct Memo {
  Id id;
  std::string subject;
  Id subject_id, coder;
  std::string title, text;
};

struct Source {
  SourceLine line;
  std::string guid, question, asked;
  std::string text;                   // opened; identifying passages are in it: show it through masked()
  std::vector<SourceTurn> turns;      // by position
  std::vector<SourceCoding> codings;  // by start, then end descending
  std::vector<SourceLink> links;
  std::vector<SourceMask> masks;
  std::vector<Memo> memos;
  std::vector<Id> respondents;
  Id translation;  // a source that translates this one
};
// Where it stands, without opening it; nothing: there is no such source. No location: it has none.
struct Whereabouts {
  Id study, location;
};
std::optional<Whereabouts> where_is(storage::Transaction& transaction, Id source);
Result<Source> open_source(storage::Transaction& transaction, Id study, Id source);

// The text with every identifying passage replaced by "[what stands instead]", or by "▮" once per character where
// nothing was written instead; spans of the original stay valid through `moved`: byte position in the original → in the
// masked text.
struct MaskedText {
  std::string text;
  std::vector<std::pair<std::int64_t, std::int64_t>> moved;  // (original, masked), ascending, first (0,0)
  // A position inside a mask is moved to the mask's edge before or after it: a span that cuts a mask covers all of it.
  enum class Edge { kBefore, kAfter };
  std::int64_t at(std::int64_t original, Edge edge = Edge::kBefore) const;
  std::vector<std::size_t> hidden;  // indices into moved where a mask begins; it ends at the next one
};
// With kSigns every mask is signs, so that code points count as in the original.
enum class MaskedBy { kInstead, kSigns };
MaskedText masked(std::string_view text, const std::vector<SourceMask>& masks, MaskedBy by = MaskedBy::kInstead);
MaskedText masked(std::string_view text, Span part, const std::vector<SourceMask>& masks,
                  MaskedBy by = MaskedBy::kInstead);  // of a part alone

struct Respondent {
  Id id, location;
  std::string guid, name, kind, age_band, gender, role, language, place_code;
  int size = 1;
};
std::vector<Respondent> list_respondents(storage::Transaction& transaction, Id study);  // by name
struct Coder {
  Id id;
  std::string guid, name, kind;
};
std::vector<Coder> list_coders(storage::Transaction& transaction, Id study);  // by name

struct SearchHit {
  Id source;
  Span span;
};
using SourceFilter = std::function<bool(Id source)>;  // none: every source
// Every place where the words stand, folded (case, width, ZWSP), in sealed texts opened in memory; in sources that pass
// the filter alone, the rest stays sealed. At most `limit`.
std::vector<SearchHit> search_texts(storage::Transaction& transaction, Id study, std::string_view words,
                                    int limit = 200, const SourceFilter& open = {});
// Only which sources they stand in.
std::set<Id> sources_with(storage::Transaction& transaction, Id study, std::string_view words,
                          const SourceFilter& open = {});

struct ImportSummary {
  Id id;
  std::string file_name, format, report_json;
  std::int64_t created_at = 0;
};
std::vector<ImportSummary> list_imports(storage::Transaction& transaction, Id study);  // newest first

}  // namespace understory::study

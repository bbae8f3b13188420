// Searching stories: opened in memory, folded, scanned. No index of them ever touches the disk.
#include "study/source.h"

namespace understory::study {

using storage::Query;
using storage::Row;

namespace {

const Query kTexts{
    "study.texts_to_search",
    "select id, text from source where workspace_id = ? and study_id = ? and id not in "
    "(select replaces_id from source where workspace_id = ? and study_id = ? and replaces_id is not null) order by id"};

const Query kMasks{"study.masks_of_searched",
                   "select source_id, start_byte, end_byte from mask where workspace_id = ? and study_id = ?"};

// The text folded character by character, and for each folded byte where its character begins and ends in the text.
struct FoldedText {
  std::string text;
  std::vector<std::int64_t> starts, ends;
};

FoldedText fold_with_origins(std::string_view text) {
  FoldedText folded;
  const Graphemes graphemes(text);
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t at = 0; at < size;) {
    const std::int64_t next = graphemes.after(at + 1);
    const std::string_view character = text.substr(at, next - at);
    const bool space =
        character == " " || character == "\n" || character == "\r\n" || character == "\r" || character == "\t";
    const std::string piece = space ? " " : fold(character);
    if (!(space && !folded.text.empty() && folded.text.back() == ' ')) {
      folded.text += piece;
      folded.starts.insert(folded.starts.end(), piece.size(), at);
      folded.ends.insert(folded.ends.end(), piece.size(), next);
    }
    at = next;
  }
  return folded;
}

// Where the words stand in a text and touch nothing that is masked; the first place alone, or all of them up to
// `limit`.
std::vector<Span> places_of(std::string_view text, std::string_view wanted, const std::vector<Span>& masks,
                            std::size_t limit) {
  std::vector<Span> places;
  const FoldedText folded = fold_with_origins(text);
  for (std::size_t at = folded.text.find(wanted); at != std::string::npos && places.size() < limit;
       at = folded.text.find(wanted, at + wanted.size())) {
    const Span place{folded.starts[at], folded.ends[at + wanted.size() - 1]};
    if (std::none_of(masks.begin(), masks.end(), [&](const Span& mask) { return mask.overlaps(place); }))
      places.push_back(place);
  }
  return places;
}

// Each text in which the words may stand, until `look` says that it has seen enough. Nearly all texts end at the quick
// search here; only the rest are worth the careful way.
void each_candidate(storage::Transaction& transaction, Id study, std::string_view wanted, const SourceFilter& open,
                    const std::function<bool(Id, std::string_view text, const std::vector<Span>& masks)>& look) {
  // What identifies is not found: a search that answers "here" for a name would tell as much as showing it.
  std::map<Id, std::vector<Span>> masks;
  transaction.each(kMasks, {transaction.workspace(), study}, [&](const Row& row) {
    masks[row.id(0)].push_back({row.integer(1), row.integer(2)});
  });
  bool enough = false;
  transaction.each(kTexts, {transaction.workspace(), study, transaction.workspace(), study}, [&](const Row& row) {
    const Id source = row.id(0);
    if (enough || (open && !open(source))) return;
    const std::string text = transaction.open("source", "text", source, row.blob(1));
    if (fold(text).find(wanted) == std::string::npos) return;
    enough = !look(source, text, masks[source]);
  });
}

}  // namespace

std::vector<SearchHit> search_texts(storage::Transaction& transaction, Id study, std::string_view words, int limit,
                                    const SourceFilter& open) {
  std::vector<SearchHit> hits;
  const std::string wanted(trim(fold(words)));
  const auto most = static_cast<std::size_t>(limit);
  if (wanted.empty() || limit <= 0) return hits;
  each_candidate(transaction, study, wanted, open,
                 [&](Id source, std::string_view text, const std::vector<Span>& masks) {
                   for (const Span& place : places_of(text, wanted, masks, most - hits.size()))
                     hits.push_back({source, place});
                   return hits.size() < most;
                 });
  return hits;
}

std::set<Id> sources_with(storage::Transaction& transaction, Id study, std::string_view words,
                          const SourceFilter& open) {
  std::set<Id> sources;
  const std::string wanted(trim(fold(words)));
  if (wanted.empty()) return sources;
  each_candidate(transaction, study, wanted, open,
                 [&](Id source, std::string_view text, const std::vector<Span>& masks) {
                   if (masks.empty() || !places_of(text, wanted, masks, 1).empty()) sources.insert(source);
                   return true;
                 });
  return sources;
}

}  // namespace understory::study

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

}  // namespace

std::vector<SearchHit> search_texts(storage::Transaction& transaction, Id study, std::string_view words, int limit) {
  std::vector<SearchHit> hits;
  const std::string wanted(trim(fold(words)));
  if (wanted.empty()) return hits;
  // What identifies is not found: a search that answers "here" for a name would tell as much as showing it.
  std::map<Id, std::vector<Span>> masks;
  transaction.each(kMasks, {transaction.workspace(), study}, [&](const Row& row) {
    masks[row.id(0)].push_back({row.integer(1), row.integer(2)});
  });
  transaction.each(kTexts, {transaction.workspace(), study, transaction.workspace(), study}, [&](const Row& row) {
    if (static_cast<int>(hits.size()) >= limit) return;
    const Id source = row.id(0);
    const std::string text = transaction.open("source", "text", source, row.blob(1));
    if (fold(text).find(wanted) == std::string::npos) return;  // nearly all: the careful way below is only for the rest
    const FoldedText folded = fold_with_origins(text);
    for (std::size_t at = folded.text.find(wanted); at != std::string::npos && static_cast<int>(hits.size()) < limit;
         at = folded.text.find(wanted, at + wanted.size())) {
      const Span hit{folded.starts[at], folded.ends[at + wanted.size() - 1]};
      const std::vector<Span>& hidden = masks[source];
      if (std::none_of(hidden.begin(), hidden.end(), [&](const Span& mask) { return mask.overlaps(hit); }))
        hits.push_back({source, hit});
    }
  });
  return hits;
}

}  // namespace understory::study

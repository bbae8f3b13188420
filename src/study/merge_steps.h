// The steps of a merge, in the order merge.cpp takes them. Private to the room.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "study/merge.h"

namespace understory::study {

// Row ids of the material's elements by their index there; no id: could not be used.
struct MergedIds {
  std::vector<Id> coders, codes, locations, respondents, sources, codings, links, memos;
  void resize_for(const Material& material);
};

struct Merging {
  storage::Transaction& transaction;
  Id study;
  const Material& material;
  const MergeOptions& options;
  ImportReport report{};
  MergedIds ids{};
  Id default_coder{};  // for elements that name no coder
  // Texts of sources by row id, opened once: the material's own, or the study's for elements that only refer to one.
  std::unordered_map<std::int64_t, std::string> opened{};

  std::int64_t workspace() const { return transaction.workspace(); }
  Id coder(int index) const { return index >= 0 ? ids.coders[index] : default_coder; }
};

Result<void> merge_coders(Merging& merging);
Result<void> merge_codes(Merging& merging);
Result<void> merge_locations(Merging& merging);
Result<void> merge_respondents(Merging& merging);
Result<void> merge_sources(Merging& merging);
Result<void> merge_codings(Merging& merging);
Result<void> merge_links(Merging& merging);
Result<void> merge_masks(Merging& merging);
Result<void> merge_memos(Merging& merging);
Result<void> merge_sets(Merging& merging);
Result<void> merge_foreign(Merging& merging);

// What stood on a source's old text goes to its new version `id`, or is named in the report.
void carry_over(Merging& merging, Id before, const std::string& old_text, Id id, const MaterialSource& source);

// The text of a source of this merge; empty where it has none.
const std::string& text_of(Merging& merging, int source);
// The span's bytes in its source: as given, or where the quote stands. An explanation instead when it has no place.
tl::expected<Span, std::string> place_span(Merging& merging, int source, const MaterialSpan& span);

}  // namespace understory::study

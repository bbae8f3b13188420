// A corrected text is a new version of its source; what stood on the old text goes with it, or is named.
#include "study/merge_steps.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kCodings{
    "study.codings_to_carry",
    "select id, code_id, coder_id, start_byte, end_byte, created_at from coding where workspace_id = ? "
    "and study_id = ? and source_id = ? order by start_byte, end_byte, code_id, coder_id"};
const Query kCarryCoding{"study.carry_coding",
                         "insert into coding (workspace_id, id, study_id, source_id, code_id, coder_id, start_byte, "
                         "end_byte, created_at, guid, selection_guid, selection_name) values (?, ?, ?, ?, ?, ?, ?, ?, "
                         "?, ?, ?, ?)"};
const Query kLinks{
    "study.links_to_carry",
    "select id, start_byte, end_byte, from_start_byte, from_end_byte, to_start_byte, to_end_byte from link where "
    "workspace_id = ? and study_id = ? and source_id = ? order by start_byte, end_byte, id"};
const Query kCarryLink{
    "study.carry_link",
    "update link set source_id = ?, start_byte = ?, end_byte = ?, from_start_byte = ?, from_end_byte = "
    "?, to_start_byte = ?, to_end_byte = ? where workspace_id = ? and id = ?"};
const Query kMasks{"study.masks_to_carry",
                   "select start_byte, end_byte, kind, id, coder_id, instead from mask where workspace_id = ? and "
                   "source_id = ? order by start_byte, end_byte"};
const Query kCarryMask{"study.carry_mask",
                       "insert into mask (workspace_id, source_id, start_byte, end_byte, study_id, kind, id, coder_id, "
                       "instead) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"};
const Query kCarryMemos{"study.carry_memos",
                        "update memo set subject_id = ? where workspace_id = ? and study_id = ? and subject = ? and "
                        "subject_id = ?"};
const Query kCarryTranslations{"study.carry_translations",
                               "update source set translation_of = ? where workspace_id = ? and study_id = ? and "
                               "translation_of = ?"};
const Query kTranslationOf{"study.translation_of_version",
                           "update source set translation_of = (select old.translation_of from source old where "
                           "old.workspace_id = ? and old.id = ?) where workspace_id = ? and id = ?"};

struct Held {
  Id id, code, coder;
  Span span;
  std::optional<std::int64_t> created_at;
  std::string kind, instead;
  Span from, to;  // of a link from one passage to another
};

}  // namespace

void carry_over(Merging& merging, Id before, const std::string& old_text, Id id, const MaterialSource& source) {
  storage::Transaction& transaction = merging.transaction;
  const std::int64_t workspace = merging.workspace();
  const auto words_of = [&](Span span) { return old_text.substr(span.start, span.length()); };
  // Where the words stand now, if at exactly one place.
  const auto place_of = [&](Span span) -> std::optional<Span> {
    const std::string words = words_of(span);
    const std::size_t at = source.text.find(words);
    if (at == std::string::npos || source.text.find(words, at + 1) != std::string::npos) return std::nullopt;
    return Span{static_cast<std::int64_t>(at), static_cast<std::int64_t>(at + words.size())};
  };
  const auto stays = [&](std::string_view element, Span span) {
    merging.report.note(element, Outcome::kUnusable,
                        source.name + ", bytes " + std::to_string(span.start) + "–" + std::to_string(span.end) +
                            " of the version before",
                        Message{"taking.moved_away", {}});
  };

  // Masks first, at every place where their words stand: a name must not come into sight because a text was corrected.
  std::vector<Held> masks;
  transaction.each(kMasks, {workspace, before}, [&](const Row& row) {
    masks.push_back({{}, {}, row.id(4), {row.integer(0), row.integer(1)}, {}, row.string(2), "", {}, {}});
    if (!row.is_null(5)) masks.back().instead = transaction.open("mask", "instead", row.id(3), row.blob(5));
  });
  for (const Held& mask : masks) {
    const std::string words = words_of(mask.span);
    std::int64_t places = 0;
    for (std::size_t at = source.text.find(words); !words.empty() && at != std::string::npos;
         at = source.text.find(words, at + words.size()), ++places) {
      const Id carried = Id::make();
      const std::string instead =
          mask.instead.empty() ? "" : transaction.seal(id, "mask", "instead", carried, mask.instead);
      transaction.run(kCarryMask, {workspace, id, at, at + words.size(), merging.study, mask.kind, carried, mask.coder,
                                   instead.empty() ? Parameter(nullptr) : Parameter::blob(instead)});
    }
    if (places > 0)
      merging.report.count("mask carried over", Outcome::kRead, places);
    else
      merging.report.note("mask", Outcome::kUnusable,
                          source.name + ", bytes " + std::to_string(mask.span.start) + "–" +
                              std::to_string(mask.span.end) + " of the version before",
                          Message{"taking.unmasked", {}});
  }

  std::vector<Held> codings;
  transaction.each(kCodings, {workspace, merging.study, before}, [&](const Row& row) {
    codings.push_back({row.id(0),
                       row.id(1),
                       row.id(2),
                       {row.integer(3), row.integer(4)},
                       row.is_null(5) ? std::nullopt : std::optional(row.integer(5)),
                       "",
                       "",
                       {},
                       {}});
  });
  for (const Held& coding : codings) {
    const auto place = place_of(coding.span);
    if (!place) {
      stays("coding", coding.span);
      continue;
    }
    const Id carried = Id::make();
    transaction.run(kCarryCoding, {workspace, carried, merging.study, id, coding.code, coding.coder, place->start,
                                   place->end, coding.created_at, make_guid(), make_guid(), nullptr});
    transaction.run(kCarryMemos, {carried, workspace, merging.study, "coding", coding.id});
    merging.report.count("coding carried over", Outcome::kRead);
  }

  std::vector<Held> links;
  transaction.each(kLinks, {workspace, merging.study, before}, [&](const Row& row) {
    links.push_back({row.id(0), {}, {}, {row.integer(1), row.integer(2)}, {}, "", "", {}, {}});
    if (!row.is_null(3)) {
      links.back().from = {row.integer(3), row.integer(4)};
      links.back().to = {row.integer(5), row.integer(6)};
    }
  });
  for (const Held& link : links) {
    // Two passages may each stand at one place while what lies between them was corrected.
    const bool joins_two = link.from.start < link.from.end;
    const auto from = joins_two ? place_of(link.from) : std::nullopt, to = joins_two ? place_of(link.to) : std::nullopt;
    const auto place = !joins_two ? place_of(link.span)
                       : from && to
                           ? std::optional(Span{std::min(from->start, to->start), std::max(from->end, to->end)})
                           : std::nullopt;
    if (place) {
      const auto edge = [&](const std::optional<Span>& span, std::int64_t Span::*end) {
        return span ? Parameter((*span).*end) : Parameter(nullptr);
      };
      transaction.run(kCarryLink, {id, place->start, place->end, edge(from, &Span::start), edge(from, &Span::end),
                                   edge(to, &Span::start), edge(to, &Span::end), workspace, link.id});
      merging.report.count("link carried over", Outcome::kRead);
    } else {
      stays("link", link.span);
    }
  }

  transaction.run(kCarryMemos, {id, workspace, merging.study, "source", before});
  transaction.run(kCarryTranslations, {id, workspace, merging.study, before});
  transaction.run(kTranslationOf, {workspace, before, workspace, id});
}

}  // namespace understory::study

// Merging what coders made: codings, links, masks.
#include <deque>
#include <unordered_set>

#include "storage/reseal.h"
#include "study/merge_steps.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kCodingKeys{"study.coding_keys",
                        "select id, source_id, code_id, coder_id, start_byte, end_byte, guid from coding "
                        "where workspace_id = ? and study_id = ?"};
const Query kAddCoding{
    "study.add_coding",
    "insert into coding (workspace_id, id, study_id, source_id, code_id, coder_id, start_byte, end_byte, "
    "created_at, guid, selection_guid, selection_name) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kLinkKeys{"study.link_keys",
                      "select source_id, coder_id, from_code_id, to_code_id, start_byte, end_byte, guid, id from link "
                      "where workspace_id = ? and study_id = ?"};
const Query kAddLink{
    "study.add_link",
    "insert into link (workspace_id, id, study_id, guid, source_id, coder_id, start_byte, end_byte, from_code_id, "
    "to_code_id, sign, certainty, created_at, from_start_byte, from_end_byte, to_start_byte, to_end_byte) values (?, "
    "?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kMaskKeys{"study.mask_keys",
                      "select source_id, start_byte, end_byte from mask where workspace_id = ? and study_id = ?"};
const Query kAddMask{
    "study.add_mask",
    "insert into mask (workspace_id, source_id, start_byte, end_byte, study_id, kind, id, instead) values (?, ?, ?, ?, "
    "?, ?, ?, ?)"};

const storage::SealedColumn kSealedSelections{"coding", "selection_name"};

// What makes a coding or a link the same as another.
struct PlaceKey {
  std::int64_t source, coder, code, other, start, end;
  bool operator==(const PlaceKey&) const = default;
};
struct PlaceKeyHash {
  std::size_t operator()(const PlaceKey& key) const {
    std::uint64_t hash = 0x9E3779B97F4A7C15ull;
    for (std::int64_t part : {key.source, key.coder, key.code, key.other, key.start, key.end})
      hash = (hash ^ static_cast<std::uint64_t>(part)) * 0xD6E8FEB86659FD93ull, hash ^= hash >> 32;
    return hash;
  }
};
using Places = std::unordered_map<PlaceKey, Id, PlaceKeyHash>;

std::string where_of(const Merging& merging, const std::string& where, int source) {
  if (!where.empty()) return where;
  return source >= 0 ? merging.material.sources[source].name : "";
}

// What is missing for an element to be used, or nothing.
std::optional<std::string> lacking(const Merging& merging, int source, std::initializer_list<int> codes, int coder) {
  if (source < 0 || !merging.ids.sources[source])
    return "Its source is not in the study" +
           (source >= 0 ? ": “" + merging.material.sources[source].name + "”." : std::string("."));
  for (int code : codes)
    if (code < 0 || !merging.ids.codes[code])
      return "Its code is not in the study" +
             (code >= 0 ? ": “" + merging.material.codes[code].name + "”." : std::string("."));
  if (!merging.coder(coder)) return "It names no coder, and none was given for the import.";
  return std::nullopt;
}

}  // namespace

Result<void> merge_codings(Merging& merging) {
  const Material& material = merging.material;
  if (material.codings.empty()) return {};
  Places held;
  std::unordered_set<std::string> guids;
  merging.transaction.each(kCodingKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    held[{row.integer(1), row.integer(3), row.integer(2), 0, row.integer(4), row.integer(5)}] = row.id(0);
    guids.insert(row.string(6));
  });
  std::vector<Parameter> rows;
  std::deque<std::string> kept;  // what the rows' texts point at
  const auto flush = [&] {
    merging.transaction.run_many(kAddCoding, 12, rows);
    rows.clear();
    kept.clear();
  };
  const std::size_t total = material.codings.size();
  for (std::size_t i = 0; i < total; ++i) {
    const MaterialCoding& coding = material.codings[i];
    if (i % 1024 == 0 && !report(merging.options.progress, "progress.codings", static_cast<std::int64_t>(i),
                                 static_cast<std::int64_t>(total)))
      return fail(problems::kStopped);
    const std::string where = where_of(merging, coding.where, coding.source);
    if (const auto missing = lacking(merging, coding.source, {coding.code}, coding.coder)) {
      merging.report.note("coding", Outcome::kUnusable, where, *missing);
      continue;
    }
    const auto span = place_span(merging, coding.source, coding.span);
    if (!span) {
      merging.report.note("coding", Outcome::kUnusable, where, "Not used: " + span.error() + ".");
      continue;
    }
    const Id source = merging.ids.sources[coding.source], code = merging.ids.codes[coding.code],
             coder = merging.coder(coding.coder);
    const auto [place, is_new] = held.try_emplace({source.value, coder.value, code.value, 0, span->start, span->end});
    if (!is_new) {
      merging.ids.codings[i] = place->second;
      merging.report.count("coding", Outcome::kMerged);
      continue;
    }
    const Id id = place->second = merging.ids.codings[i] = Id::make();
    // A GUID that names another coding here already (a copied project) cannot name this one too.
    const bool usable_guid = !coding.guid.empty() && guids.insert(coding.guid).second;
    const std::string& guid = kept.emplace_back(usable_guid ? coding.guid : make_guid());
    const std::string& selection =
        kept.emplace_back(coding.selection_guid.empty() ? make_guid() : coding.selection_guid);
    Parameter name(nullptr);
    if (!coding.selection_name.empty())
      name = Parameter::blob(
          kept.emplace_back(merging.transaction.seal(source, "coding", "selection_name", id, coding.selection_name)));
    for (const Parameter& value :
         {Parameter(merging.workspace()), Parameter(id), Parameter(merging.study), Parameter(source), Parameter(code),
          Parameter(coder), Parameter(span->start), Parameter(span->end), Parameter(coding.created_at), Parameter(guid),
          Parameter(selection), name})
      rows.push_back(value);
    merging.report.count("coding", Outcome::kRead);
    if (rows.size() >= 12 * 2048) flush();
  }
  flush();
  return {};
}

Result<void> merge_links(Merging& merging) {
  const Material& material = merging.material;
  if (material.links.empty()) return {};
  Places held;
  std::unordered_set<std::string> guids;
  merging.transaction.each(kLinkKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    held[{row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)}] = row.id(7);
    guids.insert(row.string(6));
  });
  for (std::size_t i = 0; i < material.links.size(); ++i) {
    const MaterialLink& link = material.links[i];
    const std::string where = where_of(merging, link.where, link.source);
    if (const auto missing = lacking(merging, link.source, {link.from, link.to}, link.coder)) {
      merging.report.note("link", Outcome::kUnusable, where, *missing);
      continue;
    }
    const auto span = place_span(merging, link.source, link.span);
    if (!span) {
      merging.report.note("link", Outcome::kUnusable, where, "Not used: " + span.error() + ".");
      continue;
    }
    const Id source = merging.ids.sources[link.source], coder = merging.coder(link.coder);
    const Id from = merging.ids.codes[link.from], to = merging.ids.codes[link.to];
    const auto [place, is_new] =
        held.try_emplace({source.value, coder.value, from.value, to.value, span->start, span->end});
    if (!is_new) {
      merging.ids.links[i] = place->second;
      merging.report.count("link", Outcome::kMerged);
      continue;
    }
    const Id id = place->second = merging.ids.links[i] = Id::make();
    const bool usable_guid = !link.guid.empty() && guids.insert(link.guid).second;
    const bool joins_two = link.from_span.start < link.from_span.end;
    const auto edge = [&](std::int64_t at) { return joins_two ? Parameter(at) : Parameter(nullptr); };
    merging.transaction.run(kAddLink, {merging.workspace(), id, merging.study, usable_guid ? link.guid : make_guid(),
                                       source, coder, span->start, span->end, from, to, link.sign < 0 ? -1 : 1,
                                       link.certainty, link.created_at, edge(link.from_span.start),
                                       edge(link.from_span.end), edge(link.to_span.start), edge(link.to_span.end)});
    merging.report.count("link", Outcome::kRead);
  }
  return {};
}

Result<void> merge_masks(Merging& merging) {
  const Material& material = merging.material;
  if (material.masks.empty()) return {};
  std::unordered_set<PlaceKey, PlaceKeyHash> held;
  merging.transaction.each(kMaskKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    held.insert({row.integer(0), 0, 0, 0, row.integer(1), row.integer(2)});
  });
  for (const MaterialMask& mask : material.masks) {
    const std::string where = where_of(merging, mask.where, mask.source);
    if (mask.source < 0 || !merging.ids.sources[mask.source]) {
      merging.report.note("mask", Outcome::kUnusable, where, "Its source is not in the study.");
      continue;
    }
    const Id source = merging.ids.sources[mask.source];
    // A name is a name wherever it stands: a quoted mask covers every place of its words.
    MaterialSpan wanted = mask.span;
    bool any = false;
    for (wanted.occurrence = mask.span.occurrence > 0 ? mask.span.occurrence : 1;; ++wanted.occurrence) {
      const auto span = place_span(merging, mask.source, wanted);
      if (!span) {
        if (!any) merging.report.note("mask", Outcome::kUnusable, where, "Not used: " + span.error() + ".");
        break;
      }
      any = true;
      if (held.insert({source.value, 0, 0, 0, span->start, span->end}).second) {
        const Id id = Id::make();
        const std::string instead =
            mask.instead.empty() ? "" : merging.transaction.seal(source, "mask", "instead", id, mask.instead);
        merging.transaction.run(kAddMask,
                                {merging.workspace(), source, span->start, span->end, merging.study, mask.kind, id,
                                 instead.empty() ? Parameter(nullptr) : Parameter::blob(instead)});
        merging.report.count("mask", Outcome::kRead);
      } else {
        merging.report.count("mask", Outcome::kMerged);
      }
      if (wanted.quote.empty()) break;
    }
  }
  return {};
}

}  // namespace understory::study

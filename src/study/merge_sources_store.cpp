// Merging sources: texts, who told them, their turns; versions where a text came back corrected.
#include <set>

#include "foundation/clock.h"
#include "storage/blobs.h"
#include "storage/reseal.h"
#include "study/from_submissions.h"
#include "study/made_of_submission.h"
#include "study/merge_steps.h"
#include "study/study.h"
#include "study/turns.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kSourceKeys{
    "study.source_keys",
    "select id, guid, name_key, text_key, version from source where workspace_id = ? and study_id = ? "
    "order by version, id"};
// The same for one source that is brought.
const Query kSourceKeysOf{
    "study.source_keys_of",
    "select id, guid, name_key, text_key, version from source where workspace_id = ? and study_id = ? "
    "and (guid = ? or name_key = ? or text_key = ?) order by version, id"};
const Query kAddSource{
    "study.add_source",
    "insert into source (workspace_id, id, study_id, guid, name, name_key, kind, language, told_on, location_id, "
    "question, asked, version, replaces_id, translation_of, is_read, text, text_key, byte_length, "
    "byte_order_mark, original_id, original_name, created_at) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kRetireSource{"study.retire_source", "update source set guid = ? where workspace_id = ? and id = ?"};
const Query kMarkRead{"study.mark_source_read",
                      "update source set is_read = 1 where workspace_id = ? and id = ? and is_read = 0"};
const Query kSetTranslation{"study.set_translation_of",
                            "update source set translation_of = ? where workspace_id = ? and id = ?"};
const Query kAddSpeaker{"study.add_source_respondent",
                        "insert into source_respondent (workspace_id, source_id, respondent_id, study_id, label) "
                        "values (?, ?, ?, ?, ?) on conflict do nothing"};
const Query kAddTurn{
    "study.add_turn",
    "insert into turn (workspace_id, source_id, position, study_id, start_byte, speech_byte, end_byte, respondent_id) "
    "values (?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kErased{"study.erased", "select mark from erasure where workspace_id = ? and study_id = ?"};
const Query kNoteImported{"study.note_imported_source",
                          "insert into import_source (workspace_id, import_id, source_id) values (?, ?, ?) "
                          "on conflict do nothing"};
const Query kTextOf{"study.text_of_source", "select text from source where workspace_id = ? and id = ?"};

const storage::SealedColumn kSealedNames{"source", "name"}, kSealedTexts{"source", "text"},
    kSealedFiles{"source", "original_name"}, kSealedLabels{"source_respondent", "label", "source_id", "respondent_id"};

constexpr std::size_t kTellingLength = 200;  // bytes: a text this long is nobody else's by chance

}  // namespace

struct KnownSource {
  Id id;
  std::string guid, name_key, text_key;
  std::int64_t version = 1;
  bool of_submission = false;  // known where it matters: while submissions are taken
};

struct KnownSources {
  std::vector<KnownSource> list;
  std::unordered_map<std::string, std::size_t> by_guid, by_name;  // the newest of that name
  std::unordered_multimap<std::string, std::size_t> by_text;
  std::size_t before_now = 0;  // how many there were before the file that comes now
  std::set<std::string> erased;

  void add(KnownSource source) {
    by_guid[source.guid] = list.size();
    const auto [named, is_new] = by_name.try_emplace(source.name_key, list.size());
    if (!is_new && list[named->second].version <= source.version) named->second = list.size();
    by_text.emplace(source.text_key, list.size());
    list.push_back(std::move(source));
  }
  bool brought_now(const KnownSource& source) const {
    return static_cast<std::size_t>(&source - list.data()) >= before_now;
  }
  const KnownSource* with_guid(const std::string& guid) const {
    const auto found = by_guid.find(guid);
    return guid.empty() || found == by_guid.end() ? nullptr : &list[found->second];
  }
  const KnownSource* with_name(const std::string& key) const {
    const auto found = by_name.find(key);
    return found == by_name.end() ? nullptr : &list[found->second];
  }
  // The same text under the same name; or under another, where a program renamed it: only long texts the study held
  // before, never answers (two people may well say the same), and never two of one file.
  // For a submission none that another submission made.
  const KnownSource* with_text(const std::string& text_key, const std::string& name_key, bool may_be_renamed,
                               bool for_submission) const {
    const KnownSource* renamed = nullptr;
    const auto [first, last] = by_text.equal_range(text_key);
    for (auto at = first; at != last; ++at) {
      const KnownSource& each = list[at->second];
      if (for_submission && each.of_submission) continue;
      if (each.name_key == name_key) return &each;
      if (!brought_now(each) && (!renamed || at->second < static_cast<std::size_t>(renamed - list.data())))
        renamed = &each;
    }
    return may_be_renamed ? renamed : nullptr;
  }
};

namespace {

std::shared_ptr<KnownSources> what_is_held(Merging& merging) {
  Together* together = merging.options.together;
  auto known = together && together->sources ? together->sources : std::make_shared<KnownSources>();
  known->before_now = known->list.size();
  if (together && together->sources) return known;
  const bool adopts = merging.options.adopt_guids;
  const std::set<Id> made = adopts ? sources_of_submissions(merging.transaction, merging.study) : std::set<Id>();
  const auto add = [&](const Row& row) {
    KnownSource each{row.id(0), row.string(1), std::string(row.blob(2)), std::string(row.blob(3)), row.integer(4)};
    // What was taken before that was kept is told by its GUID.
    each.of_submission = adopts && (made.contains(each.id) || is_guid_of_submission(each.guid));
    known->add(std::move(each));
  };
  if (merging.material.sources.size() == 1 && !together) {
    const MaterialSource& only = merging.material.sources[0];
    merging.transaction.each(kSourceKeysOf,
                             {merging.workspace(), merging.study, only.guid,
                              Parameter::blob(merging.transaction.blind_index("source.name", only.name)),
                              Parameter::blob(merging.transaction.blind_index("source.text", only.text))},
                             add);
  } else {
    merging.transaction.each(kSourceKeys, {merging.workspace(), merging.study}, add);
  }
  merging.transaction.each(kErased, {merging.workspace(), merging.study},
                           [&](const Row& row) { known->erased.emplace(row.blob(0)); });
  known->before_now = known->list.size();
  if (together) together->sources = known;
  return known;
}

std::string stored_text(Merging& merging, Id id) {
  auto sealed = merging.transaction.one(kTextOf, {merging.workspace(), id},
                                        [](const Row& row) { return std::string(row.blob(0)); });
  return sealed ? merging.transaction.open("source", "text", id, *sealed) : std::string();
}

void add_speakers(Merging& merging, const MaterialSource& source, Id id) {
  for (const MaterialSpeaker& speaker : source.speakers) {
    const Id respondent = speaker.respondent >= 0 ? merging.ids.respondents[speaker.respondent] : Id{};
    if (!respondent) {
      const std::string name =
          speaker.respondent >= 0 ? merging.material.respondents[speaker.respondent].name : speaker.label;
      merging.report.note(
          "respondent", Outcome::kUnusable, source.name,
          "Names a respondent “" + name + "” whom the study does not know. Import the table of respondents first.");
      continue;
    }
    merging.transaction.run_later(
        kAddSpeaker, {merging.workspace(), id, respondent, merging.study,
                      Parameter::blob(merging.transaction.seal(id, "source_respondent", "label", id, speaker.label))});
  }
}

void add_turns(Merging& merging, const MaterialSource& source, Id id) {
  if (source.kind == "open_answer") return;  // one answer is one turn
  std::unordered_map<std::string_view, Id> by_label;
  for (const MaterialSpeaker& speaker : source.speakers) {
    if (speaker.respondent < 0) continue;
    const Id respondent = merging.ids.respondents[speaker.respondent];
    if (!speaker.label.empty())
      by_label[speaker.label] = respondent;
    else
      by_label[merging.material.respondents[speaker.respondent].name] = respondent;
  }
  const std::vector<Turn> turns = find_turns(source.text);
  std::vector<Parameter> rows;
  rows.reserve(turns.size() * 8);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto speaker = by_label.find(turns[i].label);
    for (Parameter value : {Parameter(merging.workspace()), Parameter(id), Parameter(i), Parameter(merging.study),
                            Parameter(turns[i].span.start), Parameter(turns[i].speech), Parameter(turns[i].span.end),
                            Parameter(speaker == by_label.end() ? Id{} : speaker->second)})
      rows.push_back(value);
  }
  merging.transaction.run_later(kAddTurn, 8, rows);
}

// A text under a name the study holds, without a GUID: the same answer, or a document of which half the lines stay, was
// corrected; anything else is another source that happens to have the name.
bool is_correction(const std::string& held, const MaterialSource& brought) {
  if (brought.kind == "open_answer") return true;
  std::set<std::string_view> lines;
  for (const Span& line : paragraphs(held))
    lines.insert(
        std::string_view(held).substr(static_cast<std::size_t>(line.start), static_cast<std::size_t>(line.length())));
  std::int64_t same = 0, all = 0;
  for (const Span& line : paragraphs(brought.text)) {
    all += line.length();
    if (lines.contains(std::string_view(brought.text)
                           .substr(static_cast<std::size_t>(line.start), static_cast<std::size_t>(line.length()))))
      same += line.length();
  }
  return all > 0 && 2 * same >= all;
}

Id add_source(Merging& merging, KnownSources& known, const MaterialSource& source, const std::string& name_key,
              const std::string& text_key, const KnownSource* before) {
  storage::Transaction& transaction = merging.transaction;
  const Id id = Id::make();
  const std::string guid = source.guid.empty() ? make_guid() : source.guid;
  if (before) {
    transaction.run(kRetireSource, {make_guid(), merging.workspace(), before->id});
    known.by_guid.erase(before->guid);
  }
  Id original;
  if (!source.original.empty())
    original = storage::put_blob(transaction, id, source.original_media_type, source.original);
  const Id location = source.location >= 0 ? merging.ids.locations[source.location] : Id{};
  const std::string sealed_original_name = transaction.seal(id, "source", "original_name", id, source.original_name);
  transaction.run_later(kAddSource,
                        {merging.workspace(),
                         id,
                         merging.study,
                         guid,
                         Parameter::blob(transaction.seal(id, "source", "name", id, source.name)),
                         Parameter::blob(name_key),
                         source.kind,
                         source.language,
                         source.told_on,
                         location,
                         source.question,
                         source.asked,
                         before ? before->version + 1 : 1,
                         before ? before->id : Id{},
                         nullptr,
                         source.is_read,
                         Parameter::blob(transaction.seal(id, "source", "text", id, source.text)),
                         Parameter::blob(text_key),
                         source.text.size(),
                         source.byte_order_mark,
                         original,
                         source.original_name.empty() ? Parameter(nullptr) : Parameter::blob(sealed_original_name),
                         now()});
  add_speakers(merging, source, id);
  add_turns(merging, source, id);
  if (before) carry_over(merging, before->id, stored_text(merging, before->id), id, source);
  known.add({id, guid, name_key, text_key, before ? before->version + 1 : 1});
  return id;
}

}  // namespace

const std::string& text_of(Merging& merging, int source) {
  static const std::string kNone;
  const Id id = merging.ids.sources[source];
  if (!id) return kNone;
  const MaterialSource& brought = merging.material.sources[source];
  if (!brought.reference) return brought.text;  // merged or new: the study holds the very same text
  const auto found = merging.opened.find(id.value);
  if (found != merging.opened.end()) return found->second;
  return merging.opened[id.value] = stored_text(merging, id);
}

tl::expected<Span, std::string> place_span(Merging& merging, int source, const MaterialSpan& wanted) {
  const std::string& text = text_of(merging, source);
  if (wanted.quote.empty()) {
    const Span span = wanted.bytes;
    if (span.start < 0 || span.end > static_cast<std::int64_t>(text.size()))
      return tl::unexpected("it reaches beyond the text (" + std::to_string(span.start) + "–" +
                            std::to_string(span.end) + " of " + std::to_string(text.size()) + " bytes)");
    if (span.start >= span.end) return tl::unexpected(std::string("it is empty"));
    return span;
  }
  std::size_t at = std::string::npos;
  for (int i = 0; i < std::max(wanted.occurrence, 1); ++i) {
    at = text.find(wanted.quote, at == std::string::npos ? 0 : at + 1);
    if (at == std::string::npos)
      return tl::unexpected(i == 0 ? std::string("its words do not stand in the source")
                                   : "its words stand in the source only " + std::to_string(i) +
                                         (i == 1 ? " time" : " times"));
  }
  const auto start = static_cast<std::int64_t>(at);
  return Span{start, start + static_cast<std::int64_t>(wanted.quote.size())};
}

Result<void> merge_sources(Merging& merging) {
  if (merging.material.sources.empty()) return {};
  const auto held_by_study = what_is_held(merging);
  KnownSources& known = *held_by_study;
  const std::size_t total = merging.material.sources.size();
  for (std::size_t i = 0; i < total; ++i) {
    const MaterialSource& source = merging.material.sources[i];
    if (i % 16 == 0 && !report(merging.options.progress, "progress.sources", static_cast<std::int64_t>(i),
                               static_cast<std::int64_t>(total)))
      return fail(problems::kStopped);
    const std::string name_key = merging.transaction.blind_index("source.name", source.name);
    if (source.reference) {
      const KnownSource* held = known.with_guid(source.guid);
      if (!held) held = known.with_name(name_key);
      if (held)
        merging.ids.sources[i] = held->id;
      else
        merging.report.note("source", Outcome::kUnusable, source.name,
                            "The study has no source of this name; what refers to it is listed too.");
      continue;
    }
    const std::string text_key = merging.transaction.blind_index("source.text", source.text);
    const bool telling = source.kind != "open_answer" && source.text.size() >= kTellingLength;
    if (known.erased.contains(source.guid) || (telling && known.erased.contains(text_key)) ||
        (source.kind == "open_answer" && known.erased.contains(name_key + text_key) && !known.with_guid(source.guid))) {
      merging.report.note("source", Outcome::kUnusable, source.name, Message{"taking.source_erased", {}});
      continue;
    }
    const KnownSource* same_guid = known.with_guid(source.guid);
    const KnownSource* held = same_guid && same_guid->text_key == text_key ? same_guid : nullptr;
    if (!same_guid) held = known.with_text(text_key, name_key, telling, merging.options.adopt_guids);
    // Of one file, two sources with GUIDs of their own are two, whatever they hold.
    if (held && known.brought_now(*held) && !source.guid.empty()) held = nullptr;
    if (held) {
      merging.ids.sources[i] = held->id;
      if (source.is_read) merging.transaction.run(kMarkRead, {merging.workspace(), held->id});
      if (merging.options.adopt_guids && !same_guid && !known.brought_now(*held) && !source.guid.empty())
        merging.transaction.run(kRetireSource, {source.guid, merging.workspace(), held->id});
      merging.report.count("source", Outcome::kMerged);
      continue;
    }
    const KnownSource* corrected = same_guid;
    if (!corrected && source.guid.empty())
      if (const KnownSource* named = known.with_name(name_key);
          named && !known.brought_now(*named) && is_correction(stored_text(merging, named->id), source))
        corrected = named;
    if (corrected) {
      const KnownSource before = *corrected;  // a copy: adding moves the list
      merging.ids.sources[i] = add_source(merging, known, source, name_key, text_key, &before);
      merging.report.note("source", Outcome::kChanged, source.name,
                          Message{"taking.new_version", {{"version", std::to_string(before.version + 1)}}});
    } else {
      if (merging.options.adopt_guids)
        if (const KnownSource* named = known.with_name(name_key); named && !known.brought_now(*named))
          merging.report.remark("source", source.name, Message{"taking.two_of_a_name", {}});
      merging.ids.sources[i] = add_source(merging, known, source, name_key, text_key, nullptr);
      merging.report.count("source", Outcome::kRead);
    }
  }
  if (merging.options.import) {
    std::vector<Parameter> rows;
    for (std::size_t i = 0; i < total; ++i)
      if (merging.ids.sources[i] && !merging.material.sources[i].reference)
        rows.insert(rows.end(), {merging.workspace(), merging.options.import, merging.ids.sources[i]});
    merging.transaction.run_later(kNoteImported, 3, rows);
  }
  for (std::size_t i = 0; i < total; ++i) {
    const MaterialSource& source = merging.material.sources[i];
    if (source.reference || source.translation_of < 0 || !merging.ids.sources[i]) continue;
    const Id original = merging.ids.sources[source.translation_of];
    if (original)
      merging.transaction.run(kSetTranslation, {original, merging.workspace(), merging.ids.sources[i]});
    else
      merging.report.note("source", Outcome::kChanged, source.name,
                          "The source it translates is not in the study; it stands alone.");
  }
  return {};
}

}  // namespace understory::study

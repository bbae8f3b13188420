// The words behind numbers: opened, masked, with what surrounds them.
#include <map>

#include <set>

#include "study/evidence.h"
#include "study/source.h"

namespace understory::study {

namespace {

std::string masked_part(const Source& source, Span part) {
  return std::string(trim(masked(source.text, part, source.masks).text));
}

// Which turn (by its position) a byte stands in; -1: none.
int turn_at(const Source& source, std::int64_t byte) {
  for (std::size_t i = 0; i < source.turns.size(); ++i)
    if (byte < source.turns[i].span.end) return source.turns[i].span.start <= byte ? static_cast<int>(i) : -1;
  return -1;
}

// The same turn in the translation; a translation has the same turns in the same order, or none is shown.
std::string translated_turn(const Source& source, const Source& translation, Span span) {
  if (source.turns.size() != translation.turns.size()) return "";
  if (source.turns.empty()) return masked_part(translation, {0, static_cast<std::int64_t>(translation.text.size())});
  const int turn = turn_at(source, span.start);
  if (turn < 0) return "";
  const SourceTurn& same = translation.turns[turn];
  return masked_part(translation, {same.speech, same.span.end});
}

}  // namespace

std::vector<Passage> open_passages(storage::Transaction& transaction, const Evidence& evidence,
                                   const std::vector<int>& codings, bool context) {
  std::map<Id, Source> opened;  // each source once, however many passages it has
  const auto open = [&](Id id) -> const Source* {
    auto found = opened.find(id);
    if (found == opened.end()) {
      auto source = open_source(transaction, evidence.study.id, id);
      if (!source) return nullptr;
      found = opened.emplace(id, std::move(*source)).first;
    }
    return &found->second;
  };
  std::set<Id> open_sources;
  for (const auto& source : evidence.sources) open_sources.insert(source.id);
  std::vector<Passage> passages;
  for (int index : codings) {
    const Evidence::EvidenceCoding& coding = evidence.codings[index];
    const Source* source = open(evidence.sources[coding.source].id);
    if (!source) continue;
    Passage passage;
    passage.coding = coding.id;
    passage.source = source->line.id;
    passage.code = evidence.codebook.codes[coding.code].id;
    passage.coder = evidence.coders[coding.coder].id;
    passage.source_name = source->line.name;
    const int location = evidence.sources[coding.source].location;
    if (location >= 0) passage.location = evidence.locations[location].name;
    passage.quote = context ? masked(source->text, {coding.start, coding.end}, source->masks).text
                            : masked_part(*source, {coding.start, coding.end});
    if (context) {
      std::int64_t before = 0, after = static_cast<std::int64_t>(source->text.size());
      for (const Span& paragraph : paragraphs(source->text)) {
        if (paragraph.start <= coding.start && coding.start < paragraph.end) before = paragraph.start;
        if (paragraph.start < coding.end && coding.end <= paragraph.end) after = paragraph.end;
      }
      // White space next to the quote stays: it tells whether a word ends there.
      passage.before = masked(source->text, {before, coding.start}, source->masks).text;
      passage.after = masked(source->text, {coding.end, std::max<std::int64_t>(after, coding.end)}, source->masks).text;
    }
    // Only a translation that is part of the evidence: what was taken out of it is not open to whoever asks.
    if (source->translation && open_sources.contains(source->translation))
      if (const Source* translation = open(source->translation))
        passage.translation = translated_turn(*source, *translation, {coding.start, coding.end});
    if (coding.respondent_count > 0) {
      const auto& person = evidence.respondents[evidence.coding_respondents[coding.first_respondent]];
      passage.gender = person.gender;
      passage.age_band = person.age_band;
      passage.role = person.role;
    }
    passages.push_back(std::move(passage));
  }
  return passages;
}

}  // namespace understory::study

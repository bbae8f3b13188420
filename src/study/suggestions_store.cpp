#include "study/suggestions.h"

#include <boost/json.hpp>
#include <map>
#include <numeric>
#include <set>

#include "foundation/clock.h"
#include "foundation/json_writer.h"
#include "storage/reseal.h"
#include "study/evidence.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kTexts{"study.texts_to_learn", "select id, text from source where workspace_id = ? and study_id = ?"};
const Query kTurns{
    "study.turns_to_learn",
    "select source_id, speech_byte, end_byte, respondent_id from turn where workspace_id = ? and study_id = "
    "? order by source_id, position"};
const Query kMasks{"study.masks_to_learn",
                   "select source_id, start_byte, end_byte, kind from mask where workspace_id = ? and study_id = ?"};
const Query kForgetOpen{"study.forget_open_suggestions",
                        "delete from suggestion where workspace_id = ? and study_id = ? and declined = 0"};
const Query kForgetAll{"study.forget_suggestions", "delete from suggestion where workspace_id = ? and study_id = ?"};
const Query kSourcesThere{"study.sources_there", "select id from source where workspace_id = ? and study_id = ?"};
const Query kAdd{
    "study.add_suggestion",
    "insert into suggestion (workspace_id, id, study_id, source_id, code_id, start_byte, end_byte, chance, "
    "reason, declined) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) on conflict do nothing"};
const Query kForgetReport{"study.forget_machine_report",
                          "delete from machine_coder where workspace_id = ? and study_id = ?"};
const Query kKeepReport{
    "study.keep_machine_report",
    "insert into machine_coder (workspace_id, study_id, learnt_at, revision, report) values (?, ?, ?, ?, ?)"};
// What is coded blind is not learnt from until that ends.
#define NOT_BLIND                                                                                                 \
  "source_id not in (select source_id from blind_coding where workspace_id = ? and study_id = ? and ended_at is " \
  "null)"
const Query kCodings{
    "study.codings_to_learn_from",
    "select count(*) from coding join coder on coder.workspace_id = coding.workspace_id and coder.id = "
    "coding.coder_id where coding.workspace_id = ? and coding.study_id = ? and coder.kind = 'human' "
    "and " NOT_BLIND};
const Query kChanged{"study.codings_changed_since_learning",
                     "select count(*) from desk_change where workspace_id = ? and study_id = ? and number > ? and what "
                     "in ('add', 'remove', 'recode') and " NOT_BLIND};
#undef NOT_BLIND
const Query kRested{"study.machines_that_rested",
                    "select machine_coder.study_id from machine_coder join study on study.workspace_id = "
                    "machine_coder.workspace_id and study.id = machine_coder.study_id where machine_coder.workspace_id "
                    "= ? and machine_coder.learnt_at < ? and machine_coder.revision <> study.revision order by "
                    "machine_coder.study_id"};
const Query kReport{"study.machine_report",
                    "select learnt_at, revision, report from machine_coder where workspace_id = ? and study_id = ?"};
// No person has coded any part of it since; nothing is open while a source is coded blind, since what is gone from
// there would tell where others coded.
#define STILL_OPEN                                                                                                   \
  "declined = 0 and not exists (select 1 from coding join coder on coder.workspace_id = coding.workspace_id and "    \
  "coder.id = coding.coder_id where coding.workspace_id = suggestion.workspace_id and coding.study_id = "            \
  "suggestion.study_id and coding.source_id = suggestion.source_id and coding.start_byte < suggestion.end_byte and " \
  "coding.end_byte > suggestion.start_byte and coder.kind = 'human') and not exists (select 1 from blind_coding "    \
  "where blind_coding.workspace_id = suggestion.workspace_id and blind_coding.source_id = suggestion.source_id and " \
  "blind_coding.ended_at is null)"
const Query kCounts{"study.suggestion_counts",
                    "select source_id, count(*) from suggestion where workspace_id = ? and study_id = ? and " STILL_OPEN
                    " group by source_id order by source_id"};
const Query kOnSource{"study.suggestions_on_source",
                      "select id, code_id, start_byte, end_byte, chance, reason from suggestion where workspace_id = ? "
                      "and study_id = ? and source_id = ? and " STILL_OPEN
                      " order by start_byte, end_byte, chance desc, id"};
#undef STILL_OPEN
const Query kLanguage{"study.language_of_source", "select language from source where workspace_id = ? and id = ?"};
const Query kOne{"study.suggestion_by_id",
                 "select code_id, start_byte, end_byte from suggestion where workspace_id = ? and study_id = ? and "
                 "source_id = ? and id = ? and declined = 0"};
const Query kDecline{"study.decline_suggestion",
                     "update suggestion set declined = 1 where workspace_id = ? and study_id = ? and source_id = ? and "
                     "id = ? and declined = 0"};
const Query kForget{"study.forget_suggestion", "delete from suggestion where workspace_id = ? and id = ?"};

const storage::SealedColumn kSealedReasons{"suggestion", "reason"};

struct Place {
  Id source;
  Span span;
};

// The passages of a study in the order of its sources, and where each stands.
class Reading {
 public:
  Reading(Transaction& transaction, Id study)
      : transaction_(transaction), evidence_(load_evidence(transaction, study)) {
    std::unordered_map<std::int64_t, int> index;
    for (std::size_t i = 0; i < evidence_.sources.size(); ++i)
      if (!evidence_.sources[i].translation) index[evidence_.sources[i].id.value] = static_cast<int>(i);
    const std::int64_t workspace = transaction.workspace();
    turns_.resize(evidence_.sources.size());
    transaction.each(kTurns, {workspace, study}, [&](const Row& row) {
      if (const auto found = index.find(row.integer(0)); found != index.end())
        turns_[found->second].push_back({{row.integer(1), row.integer(2)}, !row.is_null(3)});
    });
    masks_.resize(evidence_.sources.size());
    transaction.each(kMasks, {workspace, study}, [&](const Row& row) {
      if (const auto found = index.find(row.integer(0)); found != index.end())
        masks_[found->second].push_back({{row.integer(1), row.integer(2)}, row.string(3)});
    });
    first_passage_.assign(evidence_.sources.size(), 0);
    first_coding_.assign(evidence_.sources.size() + 1, 0);
    for (const auto& coding : evidence_.codings) ++first_coding_[coding.source + 1];  // they stand by source
    std::partial_sum(first_coding_.begin(), first_coding_.end(), first_coding_.begin());
    std::vector<std::string> texts(evidence_.sources.size());
    transaction.each(kTexts, {workspace, study}, [&](const Row& row) {
      if (const auto found = index.find(row.integer(0)); found != index.end())
        texts[found->second] = transaction.open("source", "text", row.id(0), row.blob(1));
    });
    for (std::size_t i = 0; i < texts.size(); ++i) {
      first_passage_[i] = static_cast<int>(passages.size());
      add_passages(static_cast<int>(i), texts[i]);
      mark_codes(static_cast<int>(i), texts[i]);
      std::string().swap(texts[i]);
    }
  }

  const Evidence& evidence() const { return evidence_; }
  std::vector<PassageToLearn> passages;
  std::vector<Place> places;  // beside passages

 private:
  struct Turn {
    Span speech;
    bool known;  // who speaks
  };

  // Turns of those who were asked; where nobody was told apart, every turn; without turns, paragraphs.
  void add_passages(int source, const std::string& text) {
    const std::vector<Turn>& turns = turns_[source];
    const bool any_known = std::any_of(turns.begin(), turns.end(), [](const Turn& turn) { return turn.known; });
    std::vector<Span> spans;
    for (const Turn& turn : turns)
      if (turn.known || !any_known) spans.push_back(turn.speech);
    if (turns.empty()) spans = paragraphs(text);
    const Evidence::EvidenceSource& told = evidence_.sources[source];
    for (const Span& span : spans) {
      if (span.start >= span.end || span.end > static_cast<std::int64_t>(text.size())) continue;
      passages.push_back({source,
                          told.language,
                          fold(masked(text, span, masks_[source], MaskedBy::kSigns).text),
                          told.is_read,
                          {},
                          {}});
      places.push_back({told.id, span});
    }
  }

  // On each passage what people coded in it, and the words they put it on.
  void mark_codes(int source, const std::string& text) {
    const std::vector<int> above = parents(evidence_.codebook);
    const auto with_those_above = [&](int code) {
      std::set<int> codes;
      for (; code >= 0 && codes.insert(code).second; code = above[code]) {
      }
      return codes;
    };
    for (int i = first_passage_[source]; i < static_cast<int>(passages.size()); ++i) {
      std::map<Span, std::set<int>> coded;
      for (auto coding = first_coding_[source]; coding < first_coding_[source + 1]; ++coding) {
        const auto& each = evidence_.codings[coding];
        const Span span{std::max<std::int64_t>(each.start, places[i].span.start),
                        std::min<std::int64_t>(each.end, places[i].span.end)};
        if (span.start < span.end && each.code >= 0 && each.coder >= 0 && !evidence_.coders[each.coder].machine)
          coded[span].merge(with_those_above(each.code));
      }
      std::set<int> all;
      for (const auto& [span, codes] : coded) {
        passages[i].quotes.push_back(
            {fold(masked(text, span, masks_[source], MaskedBy::kSigns).text), {codes.begin(), codes.end()}});
        all.insert(codes.begin(), codes.end());
      }
      passages[i].codes.assign(all.begin(), all.end());
    }
  }

 public:
  static std::vector<int> parents(const Codebook& codebook) {
    std::vector<int> above;
    for (const Code& code : codebook.codes) above.push_back(code.parent ? codebook.index_of(code.parent) : -1);
    return above;
  }

 private:
  Transaction& transaction_;
  Evidence evidence_;
  std::vector<std::vector<Turn>> turns_;
  std::vector<std::vector<SourceMask>> masks_;
  std::vector<int> first_passage_, first_coding_;
};

std::string json_of(const MachineReport& report) {
  JsonWriter json;
  json.object()
      .member("precision", report.precision)
      .member("sources", report.sources)
      .member("passages", report.passages)
      .member("too_few", report.too_few)
      .member("codings", report.codings)
      .key("lines")
      .array();
  for (const MachineReport::Line& line : report.lines)
    json.object()
        .member("code", line.code.value)
        .member("language", line.language)
        .member("passages", line.measured.passages)
        .member("coded", line.measured.coded)
        .member("suggested", line.measured.suggested)
        .member("right", line.measured.right)
        .member("abstains", line.abstains)
        .end_object();
  return json.end_array().end_object().text();
}

std::string json_of_reason(const NewSuggestion& suggestion) {
  JsonWriter json;
  json.object().key("words").array();
  for (const std::string& word : suggestion.words) json.value(word);
  json.end_array().key("like").array();
  for (const LikePassage& like : suggestion.like)
    json.array().value(like.source.value).value(like.span.start).value(like.span.end).end_array();
  return json.end_array().end_object().text();
}

std::int64_t codings_to_learn_from(Transaction& transaction, Id study) {
  const std::int64_t workspace = transaction.workspace();
  return transaction.one(kCodings, {workspace, study, workspace, study}, [](const Row& row) { return row.integer(0); })
      .value_or(0);
}

int number(const boost::json::value& value) { return static_cast<int>(value.to_number<std::int64_t>()); }

bool any_mask_in(Span span, const std::vector<SourceMask>& masks) {
  return std::any_of(masks.begin(), masks.end(),
                     [&](const SourceMask& mask) { return mask.span.start < span.end && mask.span.end > span.start; });
}

// What it learnt from may have been masked since. A word stays that still stands there as a word: a part of another
// would tell what is hidden.
void forget_hidden(std::vector<std::string>& told, Span span, const SourceText& text, std::string_view language) {
  const std::string shown = fold(masked(text.text, span, text.masks).text);
  std::set<std::string_view> there;
  for (const Span& word : words(shown, language))
    there.insert(
        std::string_view(shown).substr(static_cast<std::size_t>(word.start), static_cast<std::size_t>(word.length())));
  std::erase_if(told, [&](const std::string& word) { return !there.contains(word); });
}

tl::unexpected<Problem> no_suggestion(Id suggestion) {
  return fail(problems::kNotFound, {{"what", "suggestion"}, {"name", suggestion.text()}});
}

}  // namespace

Result<LearntStudy> learn_from(Transaction& transaction, Id study, const MachineOptions& options,
                               const Progress& progress) {
  const Reading reading(transaction, study);
  const Codebook& codebook = reading.evidence().codebook;
  std::vector<bool> wanted;
  for (const Code& code : codebook.codes) wanted.push_back(code.codable);
  const Learnt learnt = TRY(learn(reading.passages, Reading::parents(codebook), wanted, options, progress));
  LearntStudy result;
  result.report.learnt_at = now();
  result.report.revision = reading.evidence().study.revision;
  result.report.precision = options.precision;
  result.report.codings = codings_to_learn_from(transaction, study);
  result.report.too_few = learnt.too_few;
  std::set<int> sources;
  for (const PassageToLearn& passage : reading.passages)
    if (passage.is_read) {
      ++result.report.passages;
      sources.insert(passage.source);
    }
  result.report.sources = static_cast<int>(sources.size());
  for (const MachineLine& line : learnt.lines)
    result.report.lines.push_back({codebook.codes[line.code].id, line.language, line.measured, line.abstains});
  for (const Suggested& each : learnt.suggested) {
    NewSuggestion suggestion{reading.places[each.passage].source,
                             codebook.codes[each.code].id,
                             reading.places[each.passage].span,
                             each.chance,
                             each.reason.words,
                             {}};
    for (const int like : each.reason.like)
      suggestion.like.push_back({reading.places[like].source, reading.places[like].span});
    result.suggestions.push_back(std::move(suggestion));
  }
  return result;
}

int keep_learnt(Transaction& transaction, Id study, const LearntStudy& learnt) {
  const std::int64_t workspace = transaction.workspace();
  transaction.run(kForgetOpen, {workspace, study});
  std::set<Id> there;  // a source may have been erased since it was read
  transaction.each(kSourcesThere, {workspace, study}, [&](const Row& row) { there.insert(row.id(0)); });
  int kept = 0;
  for (const NewSuggestion& each : learnt.suggestions) {
    if (!there.contains(each.source)) continue;
    const Id id = Id::make();
    // Under the key of its source: erasing that makes this unreadable too.
    const std::string reason = transaction.seal(each.source, "suggestion", "reason", id, json_of_reason(each));
    kept += static_cast<int>(
        transaction.run(kAdd, {workspace, id, study, each.source, each.code, each.span.start, each.span.end,
                               static_cast<std::int64_t>(each.chance * 1000), Parameter::blob(reason)}));
  }
  transaction.run(kForgetReport, {workspace, study});
  transaction.run(kKeepReport,
                  {workspace, study, learnt.report.learnt_at, learnt.report.revision, json_of(learnt.report)});
  return kept;
}

std::vector<Id> studies_to_learn(Transaction& transaction, Milliseconds at) {
  constexpr Milliseconds kRest = 10 * 60 * 1000;
  constexpr std::int64_t kFewestChanges = 20, kShare = 20;
  const std::int64_t workspace = transaction.workspace();
  std::vector<Id> rested, studies;
  transaction.each(kRested, {workspace, at - kRest}, [&](const Row& row) { rested.push_back(row.id(0)); });
  for (const Id study : rested) {
    const MachineReport report = *machine_report(transaction, study);
    const std::int64_t changed = transaction
                                     .one(kChanged, {workspace, study, report.revision, workspace, study},
                                          [](const Row& row) { return row.integer(0); })
                                     .value_or(0);
    const std::int64_t more = std::abs(codings_to_learn_from(transaction, study) - report.codings);
    if (std::max(changed, more) >= std::max(kFewestChanges, report.codings / kShare)) studies.push_back(study);
  }
  return studies;
}

std::optional<MachineReport> machine_report(Transaction& transaction, Id study) {
  std::optional<MachineReport> report;
  transaction.each(kReport, {transaction.workspace(), study}, [&](const Row& row) {
    report.emplace();
    report->learnt_at = row.integer(0);
    report->revision = row.integer(1);
    const boost::json::value json = boost::json::parse(row.string(2));
    report->precision = json.at("precision").to_number<double>();
    report->sources = number(json.at("sources"));
    report->passages = number(json.at("passages"));
    report->too_few = number(json.at("too_few"));
    if (const auto* codings = json.as_object().if_contains("codings"))  // not kept by older programs
      report->codings = codings->to_number<std::int64_t>();
    for (const boost::json::value& line : json.at("lines").as_array())
      report->lines.push_back({Id{line.at("code").to_number<std::int64_t>()},
                               std::string(line.at("language").as_string()),
                               {number(line.at("passages")), number(line.at("coded")), number(line.at("suggested")),
                                number(line.at("right"))},
                               line.at("abstains").as_bool()});
  });
  return report;
}

std::vector<std::pair<Id, int>> suggestion_counts(Transaction& transaction, Id study) {
  std::vector<std::pair<Id, int>> counts;
  transaction.each(kCounts, {transaction.workspace(), study},
                   [&](const Row& row) { counts.emplace_back(row.id(0), static_cast<int>(row.integer(1))); });
  return counts;
}

std::string language_of(Transaction& transaction, Id source) {
  return transaction.one(kLanguage, {transaction.workspace(), source}, [](const Row& row) { return row.string(0); })
      .value_or("");
}

std::vector<Suggestion> suggestions_on(Transaction& transaction, Id study, Id source, const SourceText& text) {
  std::vector<Suggestion> list;
  transaction.each(kOnSource, {transaction.workspace(), study, source}, [&](const Row& row) {
    Suggestion each{row.id(0), row.id(1), {row.integer(2), row.integer(3)}, static_cast<double>(row.integer(4)) / 1000,
                    {},        {}};
    const boost::json::value reason =
        boost::json::parse(transaction.open("suggestion", "reason", each.id, row.blob(5)));
    for (const boost::json::value& word : reason.at("words").as_array()) each.words.emplace_back(word.as_string());
    for (const boost::json::value& like : reason.at("like").as_array())
      each.like.push_back({Id{like.at(0).to_number<std::int64_t>()},
                           {like.at(1).to_number<std::int64_t>(), like.at(2).to_number<std::int64_t>()}});
    list.push_back(std::move(each));
  });
  if (list.empty() || text.masks.empty()) return list;
  const std::string language = language_of(transaction, source);
  for (Suggestion& each : list)
    if (any_mask_in(each.span, text.masks)) forget_hidden(each.words, each.span, text, language);
  return list;
}

Result<Put> take_suggestion(Transaction& transaction, Id study, Id source, Id suggestion, Id coder,
                            std::int64_t length) {
  const auto wanted = transaction.one(kOne, {transaction.workspace(), study, source, suggestion}, [&](const Row& row) {
    return Coding{{}, source, row.id(0), coder, {row.integer(1), row.integer(2)}};
  });
  if (!wanted) return no_suggestion(suggestion);
  const Put put = TRY(put_coding(transaction, study, *wanted, length));
  transaction.run(kForget, {transaction.workspace(), suggestion});
  return put;
}

Result<void> decline_suggestion(Transaction& transaction, Id study, Id source, Id suggestion) {
  if (transaction.run(kDecline, {transaction.workspace(), study, source, suggestion}) == 0)
    return no_suggestion(suggestion);
  return {};
}

int remove_machine(Transaction& transaction, Id study) {
  transaction.run(kForgetReport, {transaction.workspace(), study});
  return static_cast<int>(transaction.run(kForgetAll, {transaction.workspace(), study}));
}

}  // namespace understory::study

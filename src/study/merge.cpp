#include "study/merge.h"

#include "foundation/clock.h"
#include "study/merge_steps.h"
#include "study/study.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

Result<void> check_word(bool known, const std::string& where, const std::string& value, std::string_view what,
                        std::string_view hint) {
  if (known) return {};
  return fail(problems::kInvalidValue,
              {{"where", where}, {"value", value}, {"what", std::string(what)}, {"hint", std::string(hint)}});
}

Result<void> check_respondent(const MaterialRespondent& respondent) {
  const std::string where = "Respondent “" + respondent.name + "”";
  if (trim(respondent.name).empty() && !respondent.reference)
    return fail(
        problems::kMissingValue,
        {{"where", "A respondent"}, {"what", "the pseudonym"}, {"hint", "Give every respondent one of its own."}});
  TRY(check_word(respondent.age_band.empty() || is_one_of(kAgeBands, respondent.age_band), where, respondent.age_band,
                 "age band", "Bands: under 15, 15-17, 18-24, 25-34, 35-49, 50-64, 65 and over."));
  TRY(check_word(respondent.gender.empty() || is_one_of(kGenders, respondent.gender), where, respondent.gender,
                 "gender", "Genders: female, male, other; mixed for groups."));
  TRY(check_word(respondent.kind == "person" || respondent.kind == "group", where, respondent.kind,
                 "kind of respondent", "Kinds: person, group."));
  TRY(check_word(respondent.size >= 1 && respondent.size <= 1000, where, std::to_string(respondent.size), "group size",
                 "Give a whole number from 1 to 1000."));
  return {};
}

Result<void> check_source(const MaterialSource& source) {
  const std::string where = "Source “" + source.name + "”";
  TRY(check_word(is_one_of(kSourceKinds, source.kind), where, source.kind, "kind of source",
                 "Kinds: interview, focus_group, open_answer, document."));
  TRY(check_word(source.told_on.empty() || is_date(source.told_on), where, source.told_on, "date",
                 "Write 2026, 2026-11 or 2026-11-24."));
  return {};
}

}  // namespace

Result<ImportReport> merge(storage::Transaction& transaction, Id study, const Material& material,
                           const MergeOptions& options) {
  for (const MaterialRespondent& respondent : material.respondents) TRY(check_respondent(respondent));
  for (const MaterialSource& source : material.sources)
    if (!source.reference) TRY(check_source(source));

  Merging merging{transaction, study, material, options};
  merging.report = material.report;
  merging.ids.resize_for(material);
  TRY(merge_coders(merging));
  TRY(merge_codes(merging));
  TRY(merge_locations(merging));
  TRY(merge_respondents(merging));
  TRY(merge_sources(merging));
  TRY(merge_codings(merging));
  TRY(merge_links(merging));
  TRY(merge_masks(merging));
  TRY(merge_memos(merging));
  TRY(merge_sets(merging));
  TRY(merge_foreign(merging));
  if (options.rows) {
    options.rows->respondents = merging.ids.respondents;
    options.rows->sources = merging.ids.sources;
  }
  if (!options.together) touch(transaction, study);
  return std::move(merging.report);
}

}  // namespace understory::study

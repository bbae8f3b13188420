// Surveys: one row a respondent, some columns facts, some open answers. Each answer becomes a source of its own, an
// empty one too: who was asked and said nothing counts among those asked.
#include <set>

#include "study/exchange/formats.h"
#include "study/exchange/table_view.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

constexpr std::string_view kFacts[] = {"age_band", "gender", "role", "language", "place", "location"};

// What a column's name suggests it holds, in the words surveys use.
std::string suggested_fact(std::string_view column) {
  const std::string name = fold(column);
  static const std::map<std::string, std::string_view> kSuggestions{
      {"age_band", "age_band"}, {"age band", "age_band"}, {"age group", "age_band"}, {"age", "age_band"},
      {"gender", "gender"},     {"sex", "gender"},        {"role", "role"},          {"occupation", "role"},
      {"language", "language"}, {"place", "place"},       {"place code", "place"},   {"village", "place"},
      {"location", "location"}};
  const auto found = kSuggestions.find(name);
  return found == kSuggestions.end() ? "" : std::string(found->second);
}

std::string band_of(const std::string& value) {
  if (value.empty() || is_one_of(kAgeBands, value)) return value;
  if (value.size() > 3 || value.find_first_not_of("0123456789") != std::string::npos)
    return value;  // merge() says what is wrong
  const int age = std::stoi(value);
  static constexpr int kFrom[] = {0, 15, 18, 25, 35, 50, 65};
  std::size_t band = 0;
  for (std::size_t i = 0; i < std::size(kFrom); ++i)
    if (age >= kFrom[i]) band = i;
  return std::string(kAgeBands[band]);
}

std::string gender_of(const std::string& value) {
  static const std::map<std::string, std::string_view> kWords{
      {"f", "female"},  {"female", "female"}, {"woman", "female"}, {"girl", "female"}, {"m", "male"},
      {"male", "male"}, {"man", "male"},      {"boy", "male"},     {"other", "other"}};
  const auto found = kWords.find(fold(value));
  return found == kWords.end() ? value : std::string(found->second);
}

}  // namespace

SurveyMapping suggest_mapping(const Sheet& sheet) {
  SurveyMapping mapping;
  const std::set<std::string> columns(sheet.header.begin(), sheet.header.end());
  for (const std::string& column : sheet.header) {
    const std::string name = fold(column);
    if (name == "respondent" || name == "pseudonym" || name == "respondent id") {
      mapping.respondent = column;
    } else if (const std::string fact = suggested_fact(column); !fact.empty()) {
      mapping.attributes[column] = fact;
    } else if (columns.contains(column + "_en")) {
      mapping.open_answers.push_back({column, "", "", column + "_en", ""});
    } else if (column.size() > 3 && column.ends_with("_en") && columns.contains(column.substr(0, column.size() - 3))) {
      continue;  // the translation beside its answer
    } else if (column.find('?') != std::string::npos || column.find("\xE1\x9F\x94") != std::string::npos) {
      mapping.open_answers.push_back({column, column, "", "", ""});  // a column whose name is a question
    }
  }
  return mapping;
}

Result<Material> read_survey(const Sheet& sheet, const SurveyMapping& mapping, std::string_view file) {
  Material material;
  material.report.file = std::string(file);
  material.report.format = "survey";
  const TableView table(sheet, file);
  // Rows without a pseudonym get one of their file: the first row of another file is another person.
  const std::string stem = std::filesystem::path(std::string(file)).stem().string();
  std::set<std::string> used{mapping.respondent};
  for (const auto& [column, fact] : mapping.attributes) used.insert(column);
  for (const auto& answer : mapping.open_answers) used.insert({answer.column, answer.translation});
  for (const std::string& column : mapping.drop) {
    used.insert(column);
    material.report.note("column", Outcome::kUnusable, column, "Left out, as asked.");
    material.report.counts["column"][static_cast<std::size_t>(Outcome::kUnusable)] = 0;  // a wish is no loss
  }
  std::map<std::string, int> locations;
  std::set<std::string> names;
  for (std::size_t row = 0; row < table.size(); ++row) {
    MaterialRespondent respondent;
    respondent.name = mapping.respondent.empty() ? fmt::format("{} R-{:03}", stem, row + 1)
                                                 : TRY(table.needed(row, mapping.respondent));
    if (!names.insert(respondent.name).second)
      return table.bad_value(row, mapping.respondent, respondent.name, "pseudonym of a new respondent",
                             "It stands twice; one row is one respondent.");
    std::string location = mapping.location;
    for (const auto& [column, fact] : mapping.attributes) {
      const std::string value = table.get(row, column);
      if (fact == "age_band")
        respondent.age_band = band_of(value);
      else if (fact == "gender")
        respondent.gender = gender_of(value);
      else if (fact == "role")
        respondent.role = value;
      else if (fact == "language")
        respondent.language = value;
      else if (fact == "place")
        respondent.place_code = value;
      else if (fact == "location")
        location = value.empty() ? location : value;
      else if (!value.empty())
        respondent.attributes[fact] = value;
    }
    for (const std::string& column : table.columns())
      if (!used.contains(column) && !table.get(row, column).empty())
        respondent.attributes[column] = table.get(row, column);
    if (!location.empty()) {
      const auto [found, is_new] = locations.try_emplace(location, static_cast<int>(material.locations.size()));
      if (is_new) material.locations.push_back({"", location, "", false});
      respondent.location = found->second;
    }
    const int person = static_cast<int>(material.respondents.size());
    for (const auto& answer : mapping.open_answers) {
      MaterialSource source;
      source.name = respondent.name + "/" + answer.column;
      source.kind = "open_answer";
      source.language = answer.language.empty() ? respondent.language : answer.language;
      source.location = respondent.location;
      source.question = answer.question.empty() ? answer.column : answer.question;
      source.asked = answer.asked;
      source.text = table.raw(row, answer.column);
      source.is_read = trim(source.text).empty();  // there is nothing to read
      source.speakers.push_back({"", person});
      const int original = static_cast<int>(material.sources.size());
      const std::string language = source.language;
      material.sources.push_back(std::move(source));
      if (answer.translation.empty() || trim(table.raw(row, answer.translation)).empty() || language == "en") continue;
      MaterialSource translation = material.sources.back();
      translation.name += " (English)";
      translation.language = "en";
      translation.text = table.raw(row, answer.translation);
      translation.is_read = false;
      translation.translation_of = original;
      material.sources.push_back(std::move(translation));
    }
    material.respondents.push_back(std::move(respondent));
  }
  return material;
}

}  // namespace understory::study

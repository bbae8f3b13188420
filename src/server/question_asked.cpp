#include "server/question_asked.h"

#include <algorithm>
#include <set>

#include "findings/tally.h"
#include "foundation/text.h"
#include "study/vocabulary.h"

namespace understory::server {

using findings::Question;

Result<Question> question_asked(const Visit& visit) {
  const std::string& ask = visit.named.at("ask");
  if (std::find(std::begin(findings::kAsks), std::end(findings::kAsks), ask) == std::end(findings::kAsks))
    return fail(problems::kNotFound, {{"what", "question"}, {"name", std::string(shortened(ask, 40))}});
  if (visit.request.has_parameter("question")) return findings::parse_question(visit.request.parameter("question"));
  std::string text = ask, among;
  const auto quoted = [](const std::string& value) {
    std::string out = "\"";
    for (char c : value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  };
  for (const char* setting : {"by", "kind", "level", "counted", "within", "unit", "seed", "draws"})
    if (const std::string value = visit.request.parameter(setting); !value.empty())
      text += std::string(" ") + setting + " " + quoted(value);
  if (visit.request.parameter("machine") == "1") text += " machine";
  for (const auto& [name, value] : visit.request.query)
    if (!value.empty() &&
        std::find(std::begin(findings::kFacets), std::end(findings::kFacets), name) != std::end(findings::kFacets))
      among += (among.empty() ? " among " : ", ") + name + "=" + quoted(value);
  return findings::parse_question(text + among);
}

std::string facet_label(const Visit& visit, const std::string& facet, const std::string& value) {
  if (facet == "gender") return visit.say("gender." + value);
  if (facet == "age_band") return visit.say("age_band." + value);
  if (facet == "language") return study::is_one_of(study::kLanguages, value) ? visit.say("language." + value) : value;
  return value;
}

std::vector<std::string> values_of(const study::Evidence& evidence, const std::string& facet) {
  std::set<std::string> there;
  for (std::size_t i = 0; i < evidence.respondents.size(); ++i)
    if (std::string value = findings::facet_value(evidence, static_cast<int>(i), facet); !value.empty())
      there.insert(std::move(value));
  std::vector<std::string> values;
  if (facet == "age_band")
    for (std::string_view band : study::kAgeBands)
      if (there.erase(std::string(band))) values.emplace_back(band);
  values.insert(values.end(), there.begin(), there.end());
  return values;
}

std::string who_said(const Visit& visit, const study::Passage& passage) {
  std::string who;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) who += (who.empty() ? "" : ", ") + words;
  };
  if (!passage.gender.empty()) add(visit.say("gender." + passage.gender));
  if (!passage.age_band.empty()) add(visit.say("age_band." + passage.age_band));
  add(passage.role);
  add(passage.location);
  return who;
}

Result<Behind> behind_number(const Visit& visit, study::Evidence evidence, const Question& question) {
  const Request& asked = visit.request;
  if (asked.has_parameter("from")) {
    findings::ToldLinks told = TRY(findings::links_behind(
        evidence, question, asked.parameter("from"), asked.parameter("to"), asked.parameter("sign") == "prevents"));
    return Behind{std::move(told.evidence), std::move(told.codings)};
  }
  const std::string group = asked.parameter("group");
  std::vector<int> codings =
      TRY(findings::codings_behind(evidence, question, group.empty() ? "(all)" : group, asked.parameter("item")));
  return Behind{std::move(evidence), std::move(codings)};
}

}  // namespace understory::server

#include "server/routes.h"
#include "study/coding.h"
#include "study/evidence.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

struct Used {
  std::vector<std::int64_t> codings, respondents;  // by code
};

Used used_in(const study::Evidence& evidence) {
  Used used;
  used.codings.assign(evidence.codebook.codes.size(), 0);
  used.respondents = used.codings;
  std::vector<std::vector<int>> people(evidence.codebook.codes.size());
  for (const auto& coding : evidence.codings) {
    if (evidence.coders[coding.coder].machine) continue;
    ++used.codings[coding.code];
    for (int i = 0; i < coding.respondent_count; ++i)
      people[coding.code].push_back(evidence.coding_respondents[coding.first_respondent + i]);
  }
  for (std::size_t code = 0; code < people.size(); ++code) {
    std::sort(people[code].begin(), people[code].end());
    used.respondents[code] = std::unique(people[code].begin(), people[code].end()) - people[code].begin();
  }
  return used;
}

}  // namespace

Result<Response> show_codebook(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const study::Evidence evidence = visit.evidence(study.id);
  const Used used = used_in(evidence);
  Page page;
  page.title = visit.say("menu.codebook");
  page.place = "codebook";
  page.study = &study;
  page.page = "codebook";
  page.data.set("title", page.title);
  page.data.set("numbers", visit.words.say({"page.codebook_numbers",
                                            {{"codes", static_cast<std::int64_t>(evidence.codebook.codes.size())}}}));
  if (visit.may(people::Right::kSeeFindings, study.id) && visit.limits(study.id).none()) {
    mustache::data link;
    link.set("address", "/studies/" + study.id.text() + "/machine");
    link.set("label", visit.say("machine.link"));
    page.data.set("machine", link);
  }
  if (evidence.codebook.codes.empty()) page.data.set("none", visit.say("page.no_codes"));
  for (const char* label : {"definition", "include", "exclude"})
    page.data.set(std::string(label) + "_label", visit.say(std::string("page.code.") + label));
  mustache::data kinds{mustache::data::type::list};
  for (std::string_view kind : study::kCodeKinds) {
    mustache::data codes{mustache::data::type::list};
    bool any = false;
    for (std::size_t i = 0; i < evidence.codebook.codes.size(); ++i) {
      const study::Code& code = evidence.codebook.codes[i];
      if (code.kind != kind) continue;
      any = true;
      mustache::data entry;
      const std::string& name = study::Codebook::name_in(code, visit.language());
      entry.set("name", name);
      if (name != code.name) entry.set("other_name", code.name);
      entry.set("depth", std::to_string(std::min(code.depth, 5)));
      entry.set("count", visit.words.say({"page.code_used", {{"n", used.respondents[i]}}}));
      if (!code.definition.empty()) entry.set("definition", code.definition);
      if (!code.include.empty()) entry.set("include", code.include);
      if (!code.exclude.empty()) entry.set("exclude", code.exclude);
      codes << entry;
    }
    if (!any) continue;
    mustache::data section;
    section.set("kind", visit.say("kind." + std::string(kind)));
    section.set("codes", codes);
    kinds << section;
  }
  page.data.set("kinds", kinds);
  return show(visit, std::move(page));
}

Result<Response> api_codebook(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const study::Evidence evidence = visit.evidence(study.id);
  const Used used = used_in(evidence);
  JsonWriter out;
  out.object().member("number", study::newest_change(visit.transaction, study.id, Id{})).key("codes").array();
  for (std::size_t i = 0; i < evidence.codebook.codes.size(); ++i) {
    const study::Code& code = evidence.codebook.codes[i];
    out.object().member("id", code.id.text()).key("parent");
    code.parent ? out.value(code.parent.text()) : out.null();
    out.member("depth", code.depth)
        .member("colour", code.colour)
        .member("codable", code.codable)
        .member("path", code.path)
        .member("name", code.name)
        .member("kind", code.kind)
        .member("meaning", code.meaning);
    out.member("definition", code.definition)
        .member("include", code.include)
        .member("exclude", code.exclude)
        .key("names")
        .object();
    for (const auto& [language, name] : code.names) out.member(language, name);
    out.end_object().member("codings", used.codings[i]).member("respondents", used.respondents[i]).end_object();
  }
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server

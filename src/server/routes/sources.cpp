// What was told: the list, and one source with what coders saw in it. Identifying passages are masked everywhere.
#include <set>

#include "foundation/text.h"
#include "people/audit.h"
#include "server/routes.h"
#include "server/told.h"
#include "study/blind.h"
#include "study/erase.h"
#include "study/evidence.h"
#include "study/source.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace mustache = kainjow::mustache;
using study::Source;
using study::SourceLine;

namespace {

constexpr std::size_t kPerPage = 100;

struct Filter {
  std::string location, kind, language, words;
};

// By the form of the page, or by an address.
std::string wanted(const Visit& visit, const char* name) {
  return visit.request.method == "POST" ? visit.request.field(name) : visit.request.parameter(name);
}

// Which sources pass, in the list's order. Words are searched in the texts and the names.
Result<std::vector<SourceLine>> filtered(const Visit& visit, const study::Study& study,
                                         const std::vector<study::Location>& locations, Filter& filter) {
  const auto asked = [&](const char* name) { return wanted(visit, name); };
  filter = {asked("location"), asked("kind"), asked("language"), std::string(trim(asked("words")))};
  Id location;
  for (const study::Location& each : locations)
    if (each.name == filter.location) location = each.id;
  if (!filter.location.empty() && !location)
    return fail(problems::kNotFound, {{"what", "location"}, {"name", std::string(shortened(filter.location, 80))}});
  std::vector<SourceLine> lines;
  const study::Limits limits = visit.limits(study.id);
  std::vector<SourceLine> all = study::list_sources(visit.transaction, study.id);
  study::hide_others(visit.transaction, study.id, all,
                     study::blindness(visit.transaction, study.id,
                                      study::find_coder_of(visit.transaction, study.id, visit.person.account)));
  for (SourceLine& line : all) {
    if (!limits.open(line.location, line.id)) continue;
    if (location && line.location != location) continue;
    if (!filter.kind.empty() && line.kind != filter.kind) continue;
    if (!filter.language.empty() && line.language != filter.language) continue;
    lines.push_back(std::move(line));
  }
  if (filter.words.empty()) return lines;
  // What is not shown is not opened either.
  std::set<Id> shown;
  for (const SourceLine& line : lines) shown.insert(line.id);
  const std::set<Id> holding =
      study::sources_with(visit.transaction, study.id, filter.words, [&](Id source) { return shown.contains(source); });
  const std::string words = fold(filter.words);
  std::erase_if(lines, [&](const SourceLine& line) {
    return !holding.contains(line.id) && fold(line.name).find(words) == std::string::npos;
  });
  return lines;
}

std::vector<study::Location> open_locations(const Visit& visit, Id study) {
  const study::Limits limits = visit.limits(study);
  std::vector<study::Location> open;
  for (study::Location& each : study::locations(visit.transaction, study))
    if (limits.open(each.id, {})) open.push_back(std::move(each));
  return open;
}

std::string language_name(const Visit& visit, const std::string& language) {
  if (language.empty()) return "";
  return study::is_one_of(study::kLanguages, language) ? visit.say("language." + language) : language;
}

// A stretch of a turn with the codes on it, nested codings cut at every border.
std::string painted(const Source& source, Span part) {
  std::set<std::int64_t> borders{part.start, part.end};
  std::vector<Span> spans;
  for (const auto& coding : source.codings)
    if (coding.span.overlaps(part)) {
      spans.push_back({std::max(coding.span.start, part.start), std::min(coding.span.end, part.end)});
      borders.insert(spans.back().start);
      borders.insert(spans.back().end);
    }
  std::string out;
  for (auto at = borders.begin(); std::next(at) != borders.end(); ++at) {
    const Span piece{*at, *std::next(at)};
    const auto coded =
        std::count_if(spans.begin(), spans.end(), [&](const Span& span) { return span.overlaps(piece); });
    const std::string text = escape_markup(study::masked(source.text, piece, source.masks).text);
    if (coded == 0)
      out += text;
    else
      out += fmt::format("<mark class=\"codes-{}\">{}</mark>", std::min<std::ptrdiff_t>(coded, 3), text);
  }
  return out;
}

struct Names {
  study::Codebook codebook;
  std::map<Id, std::string> coders;
};

mustache::data codes_of(const Visit& visit, const Source& source, const Names& names, Span part, bool& any) {
  struct Seen {
    const study::Code* code;
    std::set<std::string> coders;
  };
  std::map<std::string, Seen> seen;
  for (const auto& coding : source.codings)
    if (coding.span.overlaps(part))
      if (const study::Code* code = names.codebook.find(coding.code)) {
        Seen& entry = seen[code->path];
        entry.code = code;
        entry.coders.insert(names.coders.at(coding.coder));
      }
  mustache::data list{mustache::data::type::list};
  for (const auto& [path, entry] : seen) {
    mustache::data code;
    code.set("name", study::Codebook::name_in(*entry.code, visit.language()));
    code.set("path", names.codebook.path_in(*entry.code, visit.language()));
    code.set("kind", entry.code->kind);
    code.set("coders", join({entry.coders.begin(), entry.coders.end()}, ", "));
    list << code;
  }
  any = !seen.empty();
  return list;
}

void fact(mustache::data& facts, const std::string& label, const std::string& value) {
  if (value.empty()) return;
  mustache::data entry;
  entry.set("label", label);
  entry.set("value", value);
  facts << entry;
}

}  // namespace

Result<Response> show_sources(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const auto locations = open_locations(visit, study.id);
  Filter filter;
  const std::vector<SourceLine> lines = TRY(filtered(visit, study, locations, filter));
  Page page;
  page.title = visit.say("menu.sources");
  page.place = "sources";
  page.study = &study;
  page.page = "sources";
  mustache::data& data = page.data;
  data.set("title", page.title);
  for (const char* label : {"location", "kind", "language", "words"})
    data.set(std::string(label) + "_label", visit.say(std::string("page.filter.") + label));
  data.set("all", visit.say("page.filter.all"));
  data.set("show", visit.say("page.filter.show"));
  data.set("words", filter.words);
  const std::int64_t translations =
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return bool(line.translation_of); });
  data.set("found",
           visit.words.say({"page.sources_found",
                            {{"n", static_cast<std::int64_t>(lines.size())}, {"translations", translations}}}));
  if (lines.empty()) data.set("none", visit.say("page.no_sources"));
  mustache::data location_options{mustache::data::type::list}, kinds{mustache::data::type::list},
      languages{mustache::data::type::list};
  for (const study::Location& each : locations)
    location_options << option(each.name, each.name, each.name == filter.location);
  for (std::string_view kind : study::kSourceKinds)
    kinds << option(std::string(kind), visit.say("source_kind." + std::string(kind)), kind == filter.kind);
  for (std::string_view language : study::kLanguages)
    languages << option(std::string(language), visit.say("language." + std::string(language)),
                        language == filter.language);
  data.set("locations", location_options);
  data.set("kinds", kinds);
  data.set("languages", languages);
  mustache::data columns{mustache::data::type::list};
  for (const char* column : {"name", "kind", "location", "language", "told_on", "people", "codings", "coders"}) {
    mustache::data entry;
    entry.set("label", visit.say(std::string("page.column.") + column));
    columns << entry;
  }
  data.set("columns", columns);
  const std::size_t pages = std::max<std::size_t>(1, (lines.size() + kPerPage - 1) / kPerPage);
  const std::string asked = wanted(visit, "page");
  std::size_t shown = 1;
  if (!asked.empty() && asked.size() < 6 && asked.find_first_not_of("0123456789") == std::string::npos)
    shown = std::clamp<std::size_t>(std::stoul(asked), 1, pages);
  mustache::data rows{mustache::data::type::list};
  for (std::size_t i = (shown - 1) * kPerPage; i < std::min(lines.size(), shown * kPerPage); ++i) {
    const SourceLine& line = lines[i];
    mustache::data entry;
    entry.set("name", line.name);
    entry.set("address", "/studies/" + study.id.text() + "/sources/" + line.id.text());
    entry.set("kind", visit.say("source_kind." + line.kind));
    entry.set("location", name_of(locations, line.location));
    entry.set("language", language_name(visit, line.language));
    entry.set("told_on", line.told_on);
    entry.set("respondents", std::to_string(line.respondents));
    entry.set("codings", std::to_string(line.codings));
    entry.set("coders", std::to_string(line.coders));
    rows << entry;
  }
  data.set("sources", rows);
  if (pages > 1) {
    mustache::data links{mustache::data::type::list}, block;
    for (std::size_t number = 1; number <= pages; ++number) {
      mustache::data link;
      link.set("number", std::to_string(number));
      link.set("chosen", number == shown);
      links << link;
    }
    block.set("links", links);
    block.set("pages_label", visit.say("page.pages"));
    for (const auto& [name, value] : {std::pair{"location", filter.location},
                                      {"kind", filter.kind},
                                      {"language", filter.language},
                                      {"words", filter.words}})
      block.set(std::string("asked_") + name, value);
    data.set("pages", block);
  }
  data.set("form", visit.form_token());
  return show(visit, std::move(page));
}

Result<Response> show_source(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  const Source source = TRY(open_to(visit, study.id, wanted));
  Names names{study::load_codebook(visit.transaction, study.id), {}};
  for (const study::Coder& coder : study::list_coders(visit.transaction, study.id)) names.coders[coder.id] = coder.name;
  std::map<Id, study::Respondent> people;
  for (study::Respondent& respondent : study::list_respondents(visit.transaction, study.id))
    people[respondent.id] = std::move(respondent);
  std::optional<Source> translation;
  if (source.translation)
    if (auto opened = open_to(visit, study.id, source.translation);
        opened && opened->turns.size() == source.turns.size())
      translation = std::move(*opened);

  Page page;
  page.title = source.line.name;
  page.place = "sources";
  page.study = &study;
  page.page = "source";
  mustache::data& data = page.data;
  data.set("name", source.line.name);
  data.set("language", source.line.language);
  data.set("page_language", visit.language());
  mustache::data facts{mustache::data::type::list};
  fact(facts, visit.say("page.column.kind"), visit.say("source_kind." + source.line.kind));
  fact(facts, visit.say("page.column.location"),
       name_of(study::locations(visit.transaction, study.id), source.line.location));
  fact(facts, visit.say("page.column.language"), language_name(visit, source.line.language));
  fact(facts, visit.say("page.column.told_on"), source.line.told_on);
  std::string told_by;
  for (Id each : source.respondents) {
    const study::Respondent& person = people[each];
    std::string who = person.name;
    if (!person.gender.empty()) who += ", " + visit.say("gender." + person.gender);
    if (!person.age_band.empty()) who += ", " + visit.say("age_band." + person.age_band);
    if (!person.role.empty()) who += ", " + person.role;
    told_by += (told_by.empty() ? "" : "; ") + who;
  }
  fact(facts, visit.say("page.column.people"), told_by);
  data.set("facts", facts);
  if (!source.question.empty()) data.set("question", source.question);
  if (!source.masks.empty())
    data.set("masked", visit.words.say({"page.masked", {{"n", static_cast<std::int64_t>(source.masks.size())}}}));
  const Id other = source.line.translation_of ? source.line.translation_of : source.translation;
  if (other && open_to(visit, study.id, other)) {
    mustache::data link;
    link.set("address", "/studies/" + study.id.text() + "/sources/" + other.text());
    link.set("label", visit.say(source.line.translation_of ? "page.to_original" : "page.to_translation"));
    data.set("translation_link", link);
  }

  const std::vector<Block> blocks = blocks_of(source);
  const std::vector<Block> translated = translation ? blocks_of(*translation) : std::vector<Block>();
  mustache::data turns{mustache::data::type::list};
  data.set("codes_label", visit.say("page.codes_here"));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    mustache::data turn;
    turn.set("number", std::to_string(i + 1));
    const std::string label = study::masked(source.text, {block.span.start, block.speech}, source.masks).text;
    if (!trim(label).empty()) turn.set("label", std::string(trim(label)));
    turn.set("speech", painted(source, {block.speech, block.span.end}));
    // An answer without turns is one block, and so is its translation.
    if (translated.size() == blocks.size())
      turn.set("translation",
               std::string(trim(
                   study::masked(translation->text, {translated[i].speech, translated[i].span.end}, translation->masks)
                       .text)));
    bool any = false;
    const mustache::data codes = codes_of(visit, source, names, block.span, any);
    turn.set("has_codes", any);
    if (any) turn.set("codes", codes);
    turns << turn;
  }
  data.set("turns", turns);

  data.set("passages_heading",
           visit.words.say({"page.passages_heading", {{"n", static_cast<std::int64_t>(source.codings.size())}}}));
  if (source.codings.empty()) data.set("none", visit.say("page.not_coded"));
  for (const char* column : {"code", "coder", "passage", "from", "to"})
    data.set(std::string("column_") + column, visit.say(std::string("page.column.") + column));
  const auto turn_of = [&](std::int64_t byte) {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      if (byte < blocks[i].span.end) return i + 1;
    return blocks.size();
  };
  const auto quote_of = [&](Span span) {
    return std::string(trim(study::masked(source.text, span, source.masks).text));
  };
  mustache::data passages{mustache::data::type::list}, links{mustache::data::type::list};
  for (const auto& coding : source.codings) {
    const study::Code* code = names.codebook.find(coding.code);
    mustache::data entry;
    entry.set("code", code ? names.codebook.path_in(*code, visit.language()) : "");
    entry.set("coder", names.coders[coding.coder]);
    entry.set("language", source.line.language);
    entry.set("turn", std::to_string(turn_of(coding.span.start)));
    entry.set("quote", quote_of(coding.span));
    passages << entry;
  }
  data.set("passages", passages);
  for (const auto& link : source.links) {
    const study::Code *from = names.codebook.find(link.from), *to = names.codebook.find(link.to);
    mustache::data entry;
    entry.set("from", from ? study::Codebook::name_in(*from, visit.language()) : "");
    entry.set("to", to ? study::Codebook::name_in(*to, visit.language()) : "");
    entry.set("leads", visit.say(link.sign > 0 ? "page.leads_to" : "page.prevents"));
    entry.set("quote", quote_of(link.span));
    entry.set("language", source.line.language);
    links << entry;
  }
  data.set("id_label", visit.say("page.source_number"));
  data.set("id", wanted.text());
  data.set("study_id", study.id.text());
  if (visit.may(people::Right::kChangeStudy, study.id)) {
    mustache::data link;
    link.set("address", "/studies/" + study.id.text() + "/sources/" + wanted.text() + "/erase");
    link.set("label", visit.say("erase.title"));
    data.set("erase", link);
    mustache::data looks;
    looks.set("address", "/studies/" + study.id.text() + "/sources/" + wanted.text() + "/looks");
    looks.set("label", visit.say("looks.link"));
    data.set("looks", looks);
  }
  data.set("has_links", !source.links.empty());
  if (!source.links.empty()) data.set("links", links);
  data.set("links_heading", visit.say("page.links_heading"));
  return show(visit, std::move(page));
}

namespace {

Result<Page> erase_page(const Visit& visit, const study::Study& study, Id wanted) {
  const Source source = TRY(open_to(visit, study.id, wanted));
  Page page;
  page.title = visit.say("erase.title");
  page.place = "sources";
  page.page = "erase";
  for (const char* text : {"title", "about", "reason", "reason_hint", "button"})
    page.data.set(text, visit.say(std::string("erase.") + text));
  page.data.set("name", source.line.name);
  page.data.set("form", visit.form_token());
  page.data.set("address", "/studies/" + study.id.text() + "/sources/" + wanted.text());
  page.data.set("back", visit.say("erase.back"));
  page.data.set("typed_reason", visit.request.field("reason"));
  return page;
}

}  // namespace

Result<Response> ask_to_erase(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  Page page = TRY(erase_page(visit, study, wanted));
  page.study = &study;
  return show(visit, std::move(page));
}

// For good. The log keeps that it was done, by whom and why; nothing of what was told.
Result<Response> erase_source(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  Page page = TRY(erase_page(visit, study, wanted));
  page.study = &study;
  const std::string reason(trim(visit.request.field("reason")));
  if (reason.size() < 10 || reason.size() > 1200) {
    page.data.set("problem", visit.say("erase.reason_hint"));
    Response response = show(visit, std::move(page));
    response.status = 422;
    return response;
  }
  const study::Erased erased = TRY(study::erase_source(visit.transaction, study.id, wanted));
  if (!visit.person.at_machine) {
    const auto key = TRY(people::audit_key(visit.workspace));
    for (const Id each : erased.sources)
      people::record(visit.transaction, key,
                     {visit.person.account, "erase", "POST /studies/{study}/sources/{source}/erase", "source", each,
                      "done", reason});
  }
  page.data = mustache::data();
  page.page = "erased";
  page.data.set("title", visit.say("erase.title"));
  page.data.set("said", visit.words.say({"erase.done",
                                         {{"sources", static_cast<std::int64_t>(erased.sources.size())},
                                          {"codings", erased.codings},
                                          {"files", erased.files}}}));
  page.data.set("backups", visit.say("erase.backups"));
  page.data.set("address", "/studies/" + study.id.text() + "/sources");
  page.data.set("back", visit.say("menu.sources"));
  return show(visit, std::move(page));
}

Result<Response> api_sources(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const auto locations = open_locations(visit, study.id);
  Filter filter;
  const std::vector<SourceLine> lines = TRY(filtered(visit, study, locations, filter));
  JsonWriter out;
  out.object().key("sources").array();
  for (const SourceLine& line : lines) {
    out.object()
        .member("id", line.id.text())
        .member("name", line.name)
        .member("kind", line.kind)
        .member("location", name_of(locations, line.location));
    out.member("language", line.language)
        .member("told_on", line.told_on)
        .member("respondents", line.respondents)
        .member("codings", line.codings);
    out.member("coders", line.coders).member("is_read", line.is_read).key("translation_of");
    line.translation_of ? out.value(line.translation_of.text()) : out.null();
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server

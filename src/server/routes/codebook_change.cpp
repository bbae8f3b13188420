// Changing the codebook at the desk, over JSON: codes made, changed, moved, merged and split.
#include "study/codebook_change.h"
#include "server/news.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "server/told.h"
#include "study/blind.h"
#include "study/coding.h"

namespace understory::server {

namespace {

constexpr std::size_t kText = 8000, kMostCodings = 500, kMostPassages = 500;

// A codebook belongs to the whole study: who leads one place of it may not change what others count by.
Result<study::Study> whole_study(const Visit& visit) {
  study::Study study = TRY(visit.study());
  if (!visit.person.at_machine && !people::reach(visit.person, visit.right, study.id).everything)
    return fail(problems::kForbidden);
  return study;
}

Result<study::CodeFields> fields_of(const SentJson& sent) {
  study::CodeFields fields;
  for (const auto& [name, field] : {std::pair{"name", &fields.name},
                                    {"kind", &fields.kind},
                                    {"colour", &fields.colour},
                                    {"definition", &fields.definition},
                                    {"include", &fields.include},
                                    {"exclude", &fields.exclude}})
    if (sent.has(name)) *field = TRY(sent.text(name, kText));
  if (sent.has("codable")) fields.codable = TRY(sent.truth("codable"));
  for (auto& [language, name] : TRY(sent.texts("names", kText))) fields.names[language] = std::move(name);
  return fields;
}

Response done(const Visit& visit, Id study, Id code, int status = 200) {
  JsonWriter out;
  out.object()
      .member("id", code.text())
      .member("number", study::newest_change(visit.transaction, study, Id{}))
      .end_object();
  Response response;
  response.then = [study, made = json(out, status)] {
    news::tell(study);
    return made;
  };
  return response;
}

void write_merge(JsonWriter& out, const study::Merge& merge) {
  out.object()
      .member("codings", merge.codings)
      .member("same", merge.same)
      .member("children", merge.children)
      .member("links", merge.links)
      .member("circles", merge.circles)
      .end_object();
}

}  // namespace

Result<Response> make_code(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id code =
      TRY(study::add_code(visit.transaction, study.id, TRY(sent.id_or_none("parent")), TRY(fields_of(sent))));
  return done(visit, study.id, code, 201);
}

Result<Response> change_code(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const Id code = TRY(visit.id("code"));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const std::int64_t seen = TRY(sent.number("seen"));
  if (sent.has("under"))
    TRY(study::move_code(visit.transaction, study.id, code, TRY(sent.id("under")), seen));
  else if (sent.has("to_top"))
    TRY(study::move_code(visit.transaction, study.id, code, {}, seen));
  else
    TRY(study::change_code(visit.transaction, study.id, code, TRY(fields_of(sent)), seen));
  return done(visit, study.id, code);
}

Result<Response> look_at_merge(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const Id code = TRY(visit.id("code"));
  const Id into = Id::parse(visit.request.parameter("into")).value_or(Id{});
  const auto own = study::find_coder_of(visit.transaction, study.id, visit.person.account);
  const study::Merge merge = TRY(study::look_at_merge(visit.transaction, study.id, code, into,
                                                      study::blindness(visit.transaction, study.id, own)));
  JsonWriter out;
  write_merge(out, merge);
  return json(out);
}

Result<Response> merge_code(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const Id code = TRY(visit.id("code"));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id into = TRY(sent.id("into"));
  const study::Merge merge = TRY(study::merge_codes(visit.transaction, study.id, code, into, TRY(sent.number("seen"))));
  JsonWriter out;
  write_merge(out, merge);
  Response response;
  response.then = [study = study.id, made = json(out)] {
    news::tell(study);
    return made;
  };
  return response;
}

// The words a code stands on, as far as they are open to whoever asks.
Result<Response> api_passages_of_code(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id code = TRY(visit.id("code"));
  if (!study::load_codebook(visit.transaction, study.id).find(code))
    return fail(problems::kNotFound, {{"what", "code"}, {"name", code.text()}});
  const study::Limits limits = visit.limits(study.id);
  std::map<Id, study::SourceLine> lines;
  for (study::SourceLine& line : study::list_sources(visit.transaction, study.id)) lines[line.id] = std::move(line);
  std::map<Id, std::string> coders;
  for (const study::Coder& coder : study::list_coders(visit.transaction, study.id)) coders[coder.id] = coder.name;
  JsonWriter out;
  std::int64_t all = 0, shown = 0;
  out.object().key("passages").array();
  const auto blind = study::blind_sources(visit.transaction, study.id);  // ascending
  const auto own = study::find_coder_of(visit.transaction, study.id, visit.person.account);
  std::optional<std::pair<Id, study::SourceText>> opened;
  for (const study::CodedPassage& each : study::passages_of_code(visit.transaction, study.id, code)) {
    const auto line = lines.find(each.source);
    if (line == lines.end() || !limits.open(line->second.location, each.source)) continue;
    if (std::binary_search(blind.begin(), blind.end(), each.source) && each.coder != own) continue;
    ++all;
    if (shown == static_cast<std::int64_t>(kMostPassages)) continue;
    ++shown;
    if (!opened || opened->first != each.source)
      opened.emplace(each.source, TRY(study::open_text(visit.transaction, study.id, each.source)));
    const study::SourceText& text = opened->second;
    out.object()
        .member("coding", each.coding.text())
        .member("source", each.source.text())
        .member("source_name", line->second.name)
        .member("language", line->second.language);
    out.member("coder", coders[each.coder])
        .member("quote", std::string_view(trim(study::masked(text.text, {each.start, each.end}, text.masks).text)))
        .end_object();
  }
  out.end_array().member("all", all).end_object();
  return json(out);
}

Result<Response> split_code(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const Id code = TRY(visit.id("code"));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const std::vector<Id> codings = TRY(sent.ids("codings", kMostCodings));
  const std::int64_t seen = TRY(sent.number("seen"));
  Id into = TRY(sent.id_or_none("into"));
  if (!into) {
    const study::Codebook book = study::load_codebook(visit.transaction, study.id);
    const study::Code* held = book.find(code);
    if (!held) return fail(problems::kNotFound, {{"what", "code"}, {"name", code.text()}});
    study::CodeFields fields;
    fields.name = TRY(sent.text("name", kText));
    fields.kind = held->kind;
    into = TRY(study::add_code(visit.transaction, study.id, held->parent, fields));
  }
  const std::int64_t moved = TRY(study::recode(visit.transaction, study.id, code, into, codings, seen));
  JsonWriter out;
  out.object().member("id", into.text()).member("moved", moved).end_object();
  Response response;
  response.then = [study = study.id, made = json(out)] {
    news::tell(study);
    return made;
  };
  return response;
}

}  // namespace understory::server

// What the machine coder suggests for a source, over JSON, and what a person makes of it. Positions as in coding.cpp.
#include "study/suggestions.h"

#include "people/account.h"
#include "people/whole.h"
#include "server/news.h"
#include "server/places.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "server/told.h"
#include "study/blind.h"
#include "study/coding.h"
#include "study/problems.h"

namespace understory::server {

namespace {

constexpr std::size_t kLongestQuote = 300;  // bytes

// Passages like it, of sources that are open to whoever asks and are not coded blind: what was learnt from one before
// is another coder's.
void write_like(JsonWriter& out, const Visit& visit, Id study, const std::vector<study::LikePassage>& like) {
  out.key("like").array();
  for (const study::LikePassage& each : like) {
    if (!is_open_to(visit, study, each.source) || study::is_blind(visit.transaction, each.source)) continue;
    const auto text = study::open_text(visit.transaction, study, each.source);
    if (!text || each.span.end > static_cast<std::int64_t>(text->text.size())) continue;
    const std::string quote = study::masked(text->text, each.span, text->masks).text;
    out.object()
        .member("source", each.source.text())
        .member("quote", shortened(trim(quote), kLongestQuote))
        .end_object();
  }
  out.end_array();
}

// How well it does with this code in this language; in all languages, where it has no figure of that one.
void write_measured(JsonWriter& out, const std::optional<study::MachineReport>& report, Id code,
                    const std::string& language) {
  const study::MachineReport::Line* best = nullptr;
  if (report)
    for (const study::MachineReport::Line& line : report->lines)
      if (line.code == code && (line.language == language || (line.language.empty() && !best))) best = &line;
  out.key("measured");
  if (!best) {
    out.null();
    return;
  }
  out.object()
      .member("language", best->language)
      .member("f1", best->measured.f1())
      .member("right", best->measured.right)
      .member("suggested", best->measured.suggested)
      .end_object();
}

}  // namespace

Result<Response> api_suggestions(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const study::SourceText text = TRY(study::open_text(visit.transaction, study.id, source));
  const Places places(text.text, text.masks);
  // Its figures are of the whole study: nobody who may see only a part learns of the rest (machine.cpp).
  std::optional<study::MachineReport> report;
  if (people::has_whole(visit.person, visit.right, study.id))
    report = study::machine_report(visit.transaction, study.id);
  const std::string language = study::language_of(visit.transaction, source);
  JsonWriter out;
  out.object().key("suggestions").array();
  for (const study::Suggestion& each : study::suggestions_on(visit.transaction, study.id, source, text)) {
    const auto [start, end] = places(each.span);
    out.object()
        .member("id", each.id.text())
        .member("code_id", each.code.text())
        .member("start", start)
        .member("end", end)
        .key("words")
        .array();
    for (const std::string& word : each.words) out.value(word);
    out.end_array();
    write_like(out, visit, study.id, each.like);
    write_measured(out, report, each.code, language);
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

Result<Response> answer_suggestion(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  // Which are gone would tell what others did.
  if (study::is_blind(visit.transaction, source)) return fail(problems::kBlind);
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id wanted = TRY(sent.id("id"));
  const bool takes = TRY(sent.truth("take"));
  JsonWriter out;
  if (!takes) {
    TRY(study::decline_suggestion(visit.transaction, study.id, source, wanted));
    out.object().key("coding").null().end_object();
    return json(out);
  }
  const study::SourceText text = TRY(study::open_text(visit.transaction, study.id, source));
  const study::Put put =
      TRY(study::take_suggestion(visit.transaction, study.id, source, wanted, own_coder(visit, study.id),
                                 static_cast<std::int64_t>(text.text.size())));
  out.object().key("coding");
  write_coding(out, put.coding, Places(text.text, text.masks));
  out.end_object();
  Response response;
  response.then = [study = study.id, made = json(out)] {
    news::tell(study);
    return made;
  };
  return response;
}

}  // namespace understory::server

// Masks and links at the desk, over JSON. Positions as in coding.cpp. What is hidden leaves the server by one address
// alone, tell_beneath, for whoever leads the study, and each time is in the log.
#include "study/link.h"
#include "study/mask.h"

#include "server/places.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "server/told.h"

namespace understory::server {

namespace {

constexpr std::size_t kLongestInstead = 400;  // bytes

// What an answer is about: the source the address names, and the stretch that was sent.
struct Sent {
  study::Study study;
  Id source;
  SentJson json;
  study::SourceText text;

  Result<Span> span(const std::string& before = "") const {
    return span_sent(text, TRY(json.number(before + "start")), TRY(json.number(before + "end")));
  }
};
Result<Sent> sent_to(const Visit& visit) {
  study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  SentJson json = TRY(SentJson::of(visit.request));
  study::SourceText text = TRY(study::open_text(visit.transaction, study.id, source));
  return Sent{std::move(study), source, std::move(json), std::move(text)};
}

// Whether whoever asks leads the study where this source stands: they may code in one place and lead in another.
bool leads_here(const Visit& visit, const Sent& sent) {
  const auto where = study::where_is(visit.transaction, sent.source);
  return where && study::limits_of(visit.transaction, sent.study.id,
                                   people::reach(visit.person, people::Right::kChangeStudy, sent.study.id))
                      .open(where->location, sent.source);
}

Result<bool> truth_or(const SentJson& json, std::string_view name, bool otherwise) {
  if (!json.has(name)) return otherwise;
  return json.truth(name);
}

}  // namespace

Result<Response> put_mask(const Visit& visit) {
  const Sent sent = TRY(sent_to(visit));
  study::NewMask wanted;
  wanted.source = sent.source;
  wanted.span = TRY(sent.span());
  wanted.kind = TRY(sent.json.text("kind", 20));
  wanted.instead = std::string(trim(TRY(sent.json.text_or("instead", kLongestInstead, ""))));
  wanted.everywhere = TRY(truth_or(sent.json, "everywhere", false));
  wanted.coder = own_coder(visit, sent.study.id);
  wanted.leads = leads_here(visit, sent);
  const int places = TRY(study::put_mask(visit.transaction, sent.study.id, wanted));
  JsonWriter out;
  out.object().member("places", places).end_object();
  return told_others(std::move(out), sent.study.id);
}

Result<Response> lift_masks(const Visit& visit) {
  const Sent sent = TRY(sent_to(visit));
  const auto own = study::find_coder_of(visit.transaction, sent.study.id, visit.person.account);
  const int places =
      TRY(study::lift_masks(visit.transaction, sent.study.id, sent.source, TRY(sent.span()), own.value_or(Id{}),
                            leads_here(visit, sent), TRY(truth_or(sent.json, "everywhere", false))));
  JsonWriter out;
  out.object().member("places", places).end_object();
  return told_others(std::move(out), sent.study.id);
}

Result<Response> tell_beneath(const Visit& visit) {
  const Sent sent = TRY(sent_to(visit));
  JsonWriter out;
  out.object().key("words").array();
  for (const std::string& each :
       TRY(study::words_beneath(visit.transaction, sent.study.id, sent.source, TRY(sent.span()))))
    out.value(each);
  out.end_array().end_object();
  return json(out);
}

Result<Response> put_link(const Visit& visit) {
  const Sent sent = TRY(sent_to(visit));
  study::NewLink wanted;
  wanted.source = sent.source;
  wanted.from = TRY(sent.json.id("from_id"));
  wanted.to = TRY(sent.json.id("to_id"));
  wanted.from_span = TRY(sent.span("from_"));
  wanted.to_span = TRY(sent.span("to_"));
  wanted.sign = TRY(truth_or(sent.json, "prevents", false))
  ? -1 : 1;
  wanted.certainty = TRY(sent.json.text_or("certainty", 20, "said"));
  wanted.coder = own_coder(visit, sent.study.id);
  const study::PutLink put =
      TRY(study::put_link(visit.transaction, sent.study.id, wanted, static_cast<std::int64_t>(sent.text.text.size())));
  JsonWriter out;
  out.object().member("id", put.id.text()).member("is_new", put.is_new).end_object();
  return told_others(std::move(out), sent.study.id, put.is_new ? 201 : 200);
}

Result<Response> take_link_off(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"))
  , link = TRY(visit.id("link"));
  TRY(is_open_to(visit, study.id, source));
  const auto own = study::find_coder_of(visit.transaction, study.id, visit.person.account);
  TRY(study::take_link_off(visit.transaction, study.id, source, link, own.value_or(Id{})));
  JsonWriter out;
  out.object().member("id", link.text()).end_object();
  return told_others(std::move(out), study.id);
}

}  // namespace understory::server

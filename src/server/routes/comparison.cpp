// Blind double coding, two coders side by side, and settling what they do not share, over JSON.
#include "people/account.h"
#include "server/news.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "server/told.h"
#include "study/blind.h"

namespace understory::server {

using study::Source;

namespace {

// Everything that was coded, also what has fallen since: agreement is about what the two saw.
struct Seen {
  study::Coding coding;
  const study::Settlement* settled = nullptr;  // the newest
};

std::vector<Seen> seen_by_all(const Source& source, const std::vector<study::Settlement>& settled) {
  std::map<Id, const study::Settlement*> newest;
  for (const study::Settlement& each : settled) newest[each.coding] = &each;
  std::vector<Seen> all;
  for (const auto& coding : source.codings) {
    const auto found = newest.find(coding.id);
    all.push_back({{coding.id, source.line.id, coding.code, coding.coder, coding.span},
                   found == newest.end() ? nullptr : found->second});
    if (found != newest.end()) newest.erase(found);
  }
  for (const auto& [id, each] : newest)
    if (!each->stands) all.push_back({{id, source.line.id, each->code, each->coder, each->span}, each});
  std::stable_sort(all.begin(), all.end(), [](const Seen& one, const Seen& other) {
    return std::tie(one.coding.span, one.coding.id) < std::tie(other.coding.span, other.coding.id);
  });
  return all;
}

// The two who are asked for; else the two people who coded most.
Result<std::pair<Id, Id>> pair_of(const Visit& visit, const std::vector<Seen>& all,
                                  const std::map<Id, study::Coder>& coders) {
  std::map<Id, int> count;
  for (const Seen& each : all)
    if (const auto coder = coders.find(each.coding.coder); coder != coders.end() && coder->second.kind != "machine")
      ++count[each.coding.coder];
  std::vector<std::pair<Id, int>> most(count.begin(), count.end());
  std::stable_sort(most.begin(), most.end(),
                   [](const auto& one, const auto& other) { return one.second > other.second; });
  std::pair<Id, Id> pair{most.size() > 0 ? most[0].first : Id{}, most.size() > 1 ? most[1].first : Id{}};
  for (const auto& [name, who] : {std::pair{"one", &pair.first}, {"other", &pair.second}}) {
    if (!visit.request.has_parameter(name)) continue;
    const std::string asked = visit.request.parameter(name);
    const auto id = Id::parse(asked);
    if (!id || !coders.contains(*id))
      return fail(problems::kNotFound, {{"what", "coder"}, {"name", std::string(shortened(asked, 40))}});
    *who = *id;
  }
  return pair;
}

void write_settlement(JsonWriter& out, const Visit& visit, const study::Settlement* settled) {
  out.key("settled");
  if (!settled) {
    out.null();
    return;
  }
  const auto account = people::account_of(visit.transaction, settled->account);
  out.object()
      .member("stands", settled->stands)
      .member("reason", settled->reason)
      .member("by", account ? account->name : "")
      .member("at", iso_time(settled->at))
      .end_object();
}

}  // namespace

Result<Response> set_blind(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const bool blind = TRY(sent.truth("blind"));
  study::set_blind(visit.transaction, study.id, source, blind, visit.person.account);
  JsonWriter out;
  out.object().member("blind", blind).end_object();
  Response response;
  response.then = [study = study.id, made = json(out)] {
    news::tell(study);
    return made;
  };
  return response;
}

Result<Response> api_comparison(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  const Source source = TRY(open_to(visit, study.id, wanted));
  if (study::is_blind(visit.transaction, wanted)) return fail(problems::kBlind);
  std::map<Id, study::Coder> coders;
  for (study::Coder& coder : study::list_coders(visit.transaction, study.id)) coders[coder.id] = std::move(coder);
  const auto settled = study::settlements(visit.transaction, study.id, wanted);
  const std::vector<Seen> all = seen_by_all(source, settled);
  const auto [one, other] = TRY(pair_of(visit, all, coders));
  const study::MaskedText text = study::masked(source.text, source.masks);
  const OffsetMap offsets(text.text);
  const auto points = [&](Span each) {
    return Span{offsets.code_point_of_byte(text.at(each.start)).value(),
                offsets.code_point_of_byte(text.at(each.end, study::MaskedText::Edge::kAfter)).value()};
  };

  JsonWriter out;
  out.object().key("one");
  one ? out.value(one.text()) : out.null();
  out.key("other");
  other ? out.value(other.text()) : out.null();
  out.key("coders").array();
  std::map<Id, int> count;
  for (const Seen& each : all) ++count[each.coding.coder];
  for (const auto& [id, codings] : count) {
    const auto coder = coders.find(id);
    if (coder == coders.end()) continue;
    out.object()
        .member("id", id.text())
        .member("name", coder->second.name)
        .member("kind", coder->second.kind)
        .member("codings", codings)
        .end_object();
  }
  out.end_array().key("codes").array();
  const study::Codebook book = study::load_codebook(visit.transaction, study.id);
  for (const study::Code& code : book.codes) {
    std::vector<Span> first, second;
    for (const Seen& each : all)
      if (each.coding.code == code.id) {
        if (each.coding.coder == one) first.push_back(points(each.coding.span));
        if (each.coding.coder == other) second.push_back(points(each.coding.span));
      }
    if (first.empty() && second.empty()) continue;
    const study::CodeAgreement agreement =
        study::agreement_on(std::move(first), std::move(second), offsets.code_point_length());
    out.object()
        .member("code_id", code.id.text())
        .member("one", agreement.one)
        .member("other", agreement.other)
        .member("same", agreement.same);
    out.member("both", agreement.both)
        .member("only_one", agreement.only_one)
        .member("only_other", agreement.only_other)
        .member("neither", agreement.neither)
        .key("kappa");
    agreement.kappa ? out.value(*agreement.kappa) : out.null();
    out.end_object();
  }
  // Codings the other of the two did not put on the very same words; whether the other has the code near them.
  out.end_array().key("differences").array();
  for (const Seen& each : all) {
    const study::Coding& coding = each.coding;
    if (coding.coder != one && coding.coder != other) continue;
    const Id theirs = coding.coder == one ? other : one;
    bool same = false, near = false;
    for (const Seen& beside : all)
      if (beside.coding.coder == theirs && beside.coding.code == coding.code) {
        same = same || beside.coding.span == coding.span;
        near = near || beside.coding.span.overlaps(coding.span);
      }
    if (same) continue;
    const Span span = points(coding.span);
    out.object()
        .member("id", coding.id.text())
        .member("code_id", coding.code.text())
        .member("coder_id", coding.coder.text())
        .member("start", span.start);
    out.member("end", span.end)
        .member("near", near)
        .member("quote", std::string_view(trim(study::masked(source.text, coding.span, source.masks).text)));
    write_settlement(out, visit, each.settled);
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

Result<Response> settle_difference(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id coding = TRY(sent.id("coding"));
  const bool stands = TRY(sent.truth("stands"));
  const study::Settlement settled = TRY(study::settle(visit.transaction, study.id, source, coding, stands,
                                                      TRY(sent.text("reason", 4000)), visit.person.account));
  JsonWriter out;
  out.object();
  write_settlement(out, visit, &settled);
  out.end_object();
  Response response;
  response.then = [study = study.id, made = json(out)] {
    news::tell(study);
    return made;
  };
  return response;
}

}  // namespace understory::server

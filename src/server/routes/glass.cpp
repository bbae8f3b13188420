// Breaking the glass: asking, opening, ending, and reading the one source through it.
#include "people/glass.h"

#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "server/routes.h"
#include "study/source.h"

namespace understory::server {

namespace mustache = kainjow::mustache;
using people::Glass;

namespace {

void write_down(const Visit& visit, storage::Transaction& transaction, std::string_view action, const Glass& glass,
                std::string_view outcome, const std::string& reason) {
  const auto key = people::audit_key(visit.workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(
      transaction, *key,
      {visit.person.account, std::string(action), "/glass", "source", glass.source, std::string(outcome), reason});
}

// Does the source exist, and may this person read it by a role?
bool reads(storage::Transaction& transaction, const people::Person& person, const Glass& glass) {
  const auto where = study::where_is(transaction, glass.source);
  return where && where->study == glass.study &&
         study::limits_of(transaction, glass.study, people::reach(person, people::Right::kReadSource, glass.study))
             .open(where->location, glass.source);
}

std::string state_of(const Visit& visit, const Glass& glass) {
  const auto say = [&](const char* state, std::optional<Milliseconds> at) {
    return visit.words.say({std::string("glass.state_") + state, {{"at", at ? minute_text(*at) : ""}}});
  };
  if (glass.ended_at) return say("ended", glass.ended_at);
  if (!glass.opened_at) return say("asked", glass.asked_at);
  return now() >= *glass.expires_at ? say("ended", glass.expires_at) : say("open", glass.expires_at);
}

Page glass_page(const Visit& visit) {
  Page page;
  page.title = visit.say("glass.title");
  page.page = "glass";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  for (const char* text : {"about", "reason_hint", "ask_button"})
    data.set(text, visit.say(std::string("glass.") + text));
  for (const char* label : {"ask", "study", "source", "reason", "hours"})
    data.set(std::string(label) + "_label", visit.say(std::string("glass.") + label));
  for (const char* typed : {"study", "source", "reason"})
    data.set(std::string("typed_") + typed,
             visit.request.field(typed).empty() ? visit.request.parameter(typed) : visit.request.field(typed));
  mustache::data requests{mustache::data::type::list};
  bool any = false;
  for (const Glass& glass : people::glasses(visit.transaction)) {
    const bool mine = glass.account == visit.person.account, reader = reads(visit.transaction, visit.person, glass);
    if (!mine && !reader) continue;
    any = true;
    mustache::data entry;
    entry.set("id", glass.id.text());
    entry.set("form", visit.form_token());
    entry.set("source", visit.words.say({"glass.request", {{"source", glass.source.text()}}}));
    const auto asker = people::account_of(visit.transaction, glass.account);
    entry.set("asker", asker ? asker->name : "");
    entry.set("reason", glass.reason);
    entry.set("state", state_of(visit, glass));
    for (const char* label : {"asker", "reason", "state", "open", "end"})
      entry.set(std::string(label) + "_label", visit.say(std::string("glass.") + label));
    const bool live = !glass.ended_at && (!glass.opened_at || now() < *glass.expires_at);
    entry.set("can_open", reader && !mine && live && !glass.opened_at);
    entry.set("can_end", live);
    if (reader) {
      mustache::data read;
      read.set("address", "/studies/" + glass.study.text() + "/sources/" + glass.source.text());
      read.set("label", visit.say("glass.read"));
      entry.set("read", read);
    }
    if (people::decide(visit.person, glass, now()).allowed) {
      mustache::data look;
      look.set("address", "/glass/" + glass.id.text());
      look.set("label", visit.say("glass.look"));
      entry.set("look", look);
    }
    requests << entry;
  }
  if (any) data.set("requests", requests);
  if (!any) data.set("none", visit.say("glass.none"));
  return page;
}

Response told(const Visit& visit, const char* text) {
  Page page = glass_page(visit);
  page.data.set("said", visit.say(text));
  for (const char* typed : {"study", "source", "reason"}) page.data.set(std::string("typed_") + typed, "");
  return show(visit, std::move(page));
}

Response wrong(const Visit& visit, const Problem& problem) {
  Page page = glass_page(visit);
  page.data.set("problem", visit.words.sentence(problem));
  Response response = show(visit, std::move(page));
  response.status = problem.status();
  return response;
}

}  // namespace

Result<Response> show_glasses(const Visit& visit) { return show(visit, glass_page(visit)); }

Result<Response> ask_glass(const Visit& visit) {
  const auto study = Id::parse(visit.request.field("study")), source = Id::parse(visit.request.field("source"));
  const std::string hours = visit.request.field("hours");
  const int wanted = !hours.empty() && hours.size() < 4 && hours.find_first_not_of("0123456789") == std::string::npos
                         ? std::stoi(hours)
                         : 0;
  if (!study || !source)
    return wrong(visit, Problem(problems::kInvalidValue,
                                {{"where", visit.say("glass.source")},
                                 {"value", std::string(shortened(visit.request.field("source"), 40))},
                                 {"what", "number of a source"},
                                 {"hint", "It has 13 letters and digits; whoever may read the source can tell it."}}));
  const auto asked = people::ask_glass(visit.transaction, visit.person.account, *study, *source,
                                       visit.request.field("reason"), wanted);
  if (!asked) return wrong(visit, asked.error());
  write_down(visit, visit.transaction, "ask_glass", TRY(people::find_glass(visit.transaction, *asked)), "done",
             visit.request.field("reason"));
  // The same words whether there is such a source or not.
  return told(visit, "glass.was_asked");
}

Result<Response> change_glass(const Visit& visit) {
  const auto absent = fail(problems::kNotFound, {{"what", "request"}, {"name", visit.named.at("glass")}});
  const Id id = TRY(visit.id("glass"));
  const auto found = people::find_glass(visit.transaction, id);
  if (!found) return absent;
  const bool mine = found->account == visit.person.account, reader = reads(visit.transaction, visit.person, *found);
  if (!mine && !reader) return absent;
  if (visit.request.field("do") == "open") {
    if (mine || !reader) return fail(problems::kForbidden);
    std::vector<Id> tell;
    for (const people::Account& each : people::accounts(visit.transaction))
      if (each.state == "active" && each.id != found->account && each.id != visit.person.account &&
          reads(visit.transaction, people::person_of(visit.transaction, each.id), *found))
        tell.push_back(each.id);
    TRY(people::open_glass(visit.transaction, *found, visit.person.account, tell));
    const auto asker = TRY(people::account_of(visit.transaction, found->account));
    write_down(visit, visit.transaction, "open_glass", *found, "done",
               fmt::format("for {}, {} hours: {}", asker.name, found->hours, found->reason));
    return told(visit, "glass.was_opened");
  }
  TRY(people::end_glass(visit.transaction, id));
  write_down(visit, visit.transaction, "end_glass", *found, "done", "");
  return told(visit, "glass.was_ended");
}

Result<Response> look_through_glass(const Visit& visit) {
  const auto absent = fail(problems::kNotFound, {{"what", "request"}, {"name", visit.named.at("glass")}});
  const Id id = TRY(visit.id("glass"));
  const auto glass = people::find_glass(visit.transaction, id);
  if (!glass || glass->account != visit.person.account) return absent;
  const people::Decision decision = people::decide(visit.person, *glass, now());
  {
    // Written down before anything is opened; nothing read here is silent.
    storage::Transaction transaction = visit.workspace.write();
    write_down(visit, transaction, "read_source", *glass, decision.allowed ? "done" : "denied", decision.reason);
    transaction.commit();
  }
  if (!decision.allowed) return absent;
  const study::Source source = TRY(study::open_source(visit.transaction, glass->study, glass->source));
  Page page;
  page.title = source.line.name;
  page.page = "glass_source";
  page.data.set("name", source.line.name);
  page.data.set("language", source.line.language);
  page.data.set("about", visit.words.say({"glass.looking", {{"at", minute_text(*glass->expires_at)}}}));
  mustache::data turns{mustache::data::type::list};
  for (const Span& span : paragraphs(source.text)) {
    mustache::data turn;
    turn.set("text", study::masked(source.text, span, source.masks).text);
    turns << turn;
  }
  page.data.set("turns", turns);
  return show(visit, std::move(page));
}

Result<Response> mark_notices_read(const Visit& visit) {
  people::mark_read(visit.transaction, visit.person.account);
  return see_other("/glass");
}

}  // namespace understory::server

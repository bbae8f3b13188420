// The machine coder of a study: how well it does, learning, its removal. What it suggests for a source stands at the
// source.
#include "people/audit.h"
#include "people/sign_in.h"
#include "people/whole.h"
#include "server/desk_routes.h"
#include "server/routes.h"
#include "study/suggestions.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

// It learns from the whole study, and its figures are of the whole: nobody who may see only a part learns of the rest.
Result<study::Study> whole_study(const Visit& visit) {
  study::Study study = TRY(visit.study());
  if (!people::has_whole(visit.person, visit.right, study.id)) return fail(problems::kForbidden);
  return study;
}

std::string address_of(const study::Study& study) { return "/studies/" + study.id.text() + "/machine"; }

mustache::data line_of(const Visit& visit, const study::MachineReport::Line& line) {
  const study::Measured& measured = line.measured;
  mustache::data row;
  row.set("language", line.language.empty()                                ? visit.say("machine.all_languages")
                      : study::is_one_of(study::kLanguages, line.language) ? visit.say("language." + line.language)
                                                                           : line.language);
  row.set("whole", line.language.empty());
  row.set("coded", std::to_string(measured.coded));
  row.set("suggested", std::to_string(measured.suggested));
  row.set("right", std::to_string(measured.right));
  row.set("precision", measured.suggested ? visit.words.percent(measured.precision()) : "–");
  row.set("recall", measured.coded ? visit.words.percent(measured.recall()) : "–");
  row.set("f1", visit.words.number(measured.f1(), 2));
  row.set("suggests", visit.say(line.abstains ? "machine.abstains" : "machine.suggests"));
  row.set("abstains", line.abstains);
  return row;
}

}  // namespace

Result<Response> show_machine(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const study::Codebook codebook = study::load_codebook(visit.transaction, study.id);
  const auto report = study::machine_report(visit.transaction, study.id);
  Page page;
  page.title = visit.say("machine.title");
  page.place = "codebook";
  page.study = &study;
  page.page = "machine";
  mustache::data& data = page.data;
  data.set("title", page.title);
  for (const char* text : {"about", "counts_nothing"}) data.set(text, visit.say(std::string("machine.") + text));
  if (report) {
    data.set("learnt", visit.words.say({"machine.learnt",
                                        {{"at", minute_text(report->learnt_at)},
                                         {"passages", std::int64_t{report->passages}},
                                         {"sources", std::int64_t{report->sources}}}}));
    if (report->revision != study.revision) data.set("stale", visit.say("machine.stale"));
    data.set("held_out",
             visit.words.say({"machine.held_out", {{"precision", visit.words.percent(report->precision)}}}));
    if (report->too_few)
      data.set("too_few", visit.words.say({"machine.too_few", {{"n", std::int64_t{report->too_few}}}}));
    data.set("by_itself", visit.say(visit.workspace.holds_key() ? "machine.by_itself" : "machine.not_by_itself"));
    std::int64_t open = 0;
    for (const auto& [source, count] : study::suggestion_counts(visit.transaction, study.id)) open += count;
    data.set("open", visit.words.say({"machine.open", {{"n", open}}}));
    mustache::data rows{mustache::data::type::list};
    for (const study::MachineReport::Line& line : report->lines) {
      const study::Code* code = codebook.find(line.code);
      if (!code) continue;  // taken out of the codebook since
      mustache::data row = line_of(visit, line);
      if (line.language.empty()) row.set("code", codebook.path_in(*code, visit.language()));
      rows << row;
    }
    data.set("any", !report->lines.empty());
    data.set("lines", rows);
    for (const char* column : {"code", "language", "coded", "suggested", "right", "precision", "recall", "f1", "does"})
      data.set(std::string("column_") + column, visit.say(std::string("machine.column.") + column));
  }
  if (!report || report->lines.empty()) data.set("none", visit.say(report ? "machine.nothing_yet" : "machine.never"));
  mustache::data form;
  form.set("form", visit.form_token());
  form.set("address", address_of(study) + "/learn");
  form.set("label", visit.say(report ? "machine.learn_again" : "machine.learn"));
  if (visit.may(people::Right::kCode, study.id)) data.set("learn", form);
  form.set("address", address_of(study) + "/remove");
  form.set("label", visit.say("machine.remove"));
  form.set("about", visit.say("machine.about_remove"));
  if (report && visit.may(people::Right::kChangeStudy, study.id)) data.set("remove", form);
  return show(visit, std::move(page));
}

// Learning takes seconds, in which nobody else should have to wait to write: it reads in the visit's transaction, which
// only reads, and keeps what came of it in a short one of its own, with its line in the log.
Result<Response> teach_machine(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  const study::LearntStudy learnt = TRY(study::learn_from(visit.transaction, study.id));
  storage::Transaction transaction = visit.workspace.write();
  if (!visit.session.empty())
    if (const auto session = people::session_of(visit.workspace, visit.transaction, visit.session);
        session && session->key)
      transaction.unlock(session->key);
  study::keep_learnt(transaction, study.id, learnt);
  if (!visit.person.at_machine)
    people::record(
        transaction, TRY(people::audit_key(visit.workspace)),
        {visit.person.account, "code", "POST /studies/{study}/machine/learn", "study", study.id, "done", ""});
  transaction.commit();
  return see_other(address_of(study));
}

Result<Response> api_remove_machine(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  JsonWriter out;
  out.object().member("removed", study::remove_machine(visit.transaction, study.id)).end_object();
  return json(out);
}

Result<Response> remove_machine(const Visit& visit) {
  const study::Study study = TRY(whole_study(visit));
  study::remove_machine(visit.transaction, study.id);
  return see_other(address_of(study));
}

}  // namespace understory::server

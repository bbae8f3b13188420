// Forms as people keep them: which there are, new ones and new versions, their files, and whether they are open.
#include "collect/forms.h"
#include "collect/media_type.h"

#include "collect/xls_form.h"
#include "foundation/text.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

using people::Right;

bool may(const Visit& visit, Right right, const collect::KeptForm& form) {
  return people::decide(visit.person, right, record_of(form)).allowed;
}

std::string study_name(const Visit& visit, Id study) {
  if (!study) return visit.say("forms.whole_workspace");
  const auto found = study::find_study(visit.transaction, study);
  return found ? found->name : "";
}

std::string title_of(const collect::KeptForm& form) { return form.title.empty() ? form.form_id : form.title; }

std::string shown_version(const Visit& visit, const std::string& version) {
  return version.empty() ? visit.say("forms.no_version") : version;
}

// How many of those that wait this person may look at, by the form they name.
std::map<std::string, std::int64_t> waiting_by_form(const Visit& visit) {
  std::map<std::string, std::int64_t> counts;
  if (!people::may_somewhere(visit.person, Right::kReadSubmissions)) return counts;
  for (const collect::Submission& each : collect::waiting_submissions(visit.transaction, ""))
    if (people::decide(visit.person, Right::kReadSubmissions, record_of(visit.transaction, each)).allowed)
      ++counts[each.form_id];
  return counts;
}

mustache::data form_row(const Visit& visit, const collect::KeptForm& form,
                        std::map<std::string, std::int64_t>& waiting) {
  mustache::data row;
  const std::string address = "/forms/" + form.id.text();
  const auto versions = collect::form_versions(visit.transaction, form.id);
  row.set("title", title_of(form));
  row.set("form_id", form.form_id);
  row.set("study", study_name(visit, form.study));
  row.set("version",
          versions.empty() ? visit.say("forms.draft_alone") : shown_version(visit, versions.front().version));
  row.set("state", visit.say("forms.state_" + std::string(name_of(form.state))));
  const auto link = [&](const char* name, const std::string& to, const char* label) {
    mustache::data made;
    made.set("address", to);
    made.set("label", visit.say(label));
    row.set(name, made);
  };
  if (may(visit, Right::kKeepForms, form)) link("keep", address, "forms.keep");
  if (may(visit, Right::kFillForms, form) && !versions.empty() && form.state == collect::FormState::kOpen)
    link("fill", address + "/fill", "forms.fill");
  if (may(visit, Right::kReadSubmissions, form)) {
    link("read", address + "/submissions", "forms.submissions");
    row.set("sent", std::to_string(collect::count_submissions(visit.transaction, form.id,
                                                              collect::within_reach(visit.person, form))));
    row.set("waiting", std::to_string(waiting[form.form_id]));
  }
  waiting.erase(form.form_id);
  return row;
}

// Where this person may keep forms.
mustache::data study_options(const Visit& visit) {
  mustache::data list{mustache::data::type::list};
  const std::string chosen = visit.request.field("study");
  for (const study::Study& each : study::studies(visit.transaction))
    if (visit.may(Right::kKeepForms, each.id)) list << option(each.id.text(), each.name, chosen == each.id.text());
  if (visit.may(Right::kKeepForms)) list << option("", visit.say("forms.whole_workspace"), false);
  return list;
}

Response forms_page(const Visit& visit, const std::optional<Problem>& problem = {}) {
  Page page;
  page.title = visit.say("forms.title");
  page.page = "forms";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about", visit.say("forms.about"));
  data.set("form", visit.form_token());
  set_labels(visit, data, "forms.", {"name", "study", "version", "state", "sent", "waiting"});
  auto waiting = waiting_by_form(visit);
  mustache::data rows{mustache::data::type::list};
  bool any = false;
  for (const collect::KeptForm& form : collect::forms(visit.transaction)) {
    bool sees = false;
    for (const Right right : {Right::kFillForms, Right::kKeepForms, Right::kReadSubmissions})
      sees = sees || may(visit, right, form);
    if (!sees) {
      waiting.erase(form.form_id);
      continue;
    }
    rows << form_row(visit, form, waiting);
    any = true;
  }
  data.set("forms", rows);
  if (!any) data.set("none", visit.say("forms.none"));
  // What came for forms nobody brought yet.
  mustache::data unknown{mustache::data::type::list};
  for (const auto& [form_id, count] : waiting) {
    mustache::data row;
    row.set("text", visit.words.say({"forms.unknown_form", {{"form", form_id}, {"n", count}}}));
    unknown << row;
  }
  data.set("unknown", unknown);
  if (people::may_somewhere(visit.person, Right::kReadSubmissions)) data.set("lists", visit.say("entities.link"));
  if (people::may_somewhere(visit.person, Right::kKeepForms)) {
    mustache::data bring;
    bring.set("studies", study_options(visit));
    set_labels(visit, bring, "forms.", {"new", "new_hint", "file", "study", "draft", "take"});
    bring.set("form", visit.form_token());
    data.set("bring", bring);
  }
  if (problem) data.set("problem", visit.words.sentence(*problem));
  Response response = show(visit, std::move(page));
  if (problem) response.status = problem->status();
  return response;
}

const Part* file_sent(const Visit& visit) {
  const Part* part = visit.request.part("file");
  return part && !part->filename.empty() ? part : nullptr;
}

// Browsers send a name alone, some a whole path.
std::string name_alone(std::string_view filename) {
  return std::string(filename.substr(filename.find_last_of("/\\") + 1));
}

Problem no_file(const Visit& visit) {
  return Problem(problems::kMissingValue, {{"where", visit.say("forms.title")},
                                           {"what", visit.say("forms.file")},
                                           {"hint", visit.say("forms.choose_file")}});
}

struct Taken {
  collect::Published made;
  std::vector<std::string> notes;
};

Result<Taken> taken(const Visit& visit) {
  const Part* part = file_sent(visit);
  if (!part) return tl::unexpected(no_file(visit));
  collect::NewForm wanted;
  if (const std::string study = visit.request.field("study"); !study.empty())
    wanted.study = TRY(study::find_study(visit.transaction, Id::parse(study).value_or(Id{1})))
  .id;
  // Forms of a study this person may not keep are answered as those of one that is not there.
  if (!people::decide(visit.person, Right::kKeepForms, {wanted.study, {}, {}}).allowed)
    return wanted.study ? fail(problems::kNotFound, {{"what", "study"}, {"name", wanted.study.text()}})
                        : fail(problems::kForbidden);
  wanted.file = name_alone(part->filename);
  wanted.xml = TRY(part->content.text(16 << 20));
  wanted.account = visit.person.account;
  wanted.draft = !visit.request.field("draft").empty();
  Taken taken;
  collect::XlsFormConverted converted;
  if (collect::is_xls_form_name(wanted.file)) {
    converted = TRY(collect::convert_xls_form(wanted.xml, wanted.file));
    wanted.xml = std::move(converted.xml);
    for (const collect::XlsFormRemark& remark : converted.warnings) taken.notes.push_back(remark.sentence());
  }
  storage::Transaction transaction = visit.workspace.write();
  taken.made = TRY(collect::take_form(transaction, wanted));
  if (!converted.itemsets.empty())
    TRY(collect::put_form_file(transaction, taken.made.version.id, "itemsets.csv", "text/csv",
                               [&](const auto& put) { put(converted.itemsets); }));
  write_down(visit, transaction, Right::kKeepForms, "POST /forms", "form", taken.made.form.id,
             wanted.draft ? "kept as a draft" : "published");
  transaction.commit();
  for (const std::string& warning : taken.made.version.warnings) taken.notes.push_back(warning);
  return taken;
}

mustache::data lines(const std::vector<std::string>& texts) {
  mustache::data list{mustache::data::type::list};
  for (const std::string& text : texts) {
    mustache::data line;
    line.set("text", text);
    list << line;
  }
  return list;
}

mustache::data version_row(const Visit& visit, const collect::KeptForm& form, const collect::FormVersion& version) {
  mustache::data row;
  row.set("version", shown_version(visit, version.version));
  row.set("title", version.title);
  row.set("id", version.id.text());
  row.set("form", visit.form_token());
  row.set("address", "/forms/" + form.id.text());
  row.set("when", minute_text(version.draft ? version.created_at : version.published_at));
  row.set("state", visit.say(version.draft ? "forms.draft_state" : "forms.published_state"));
  if (version.draft) row.set("publish", visit.say("forms.publish"));
  row.set("warnings", lines(version.warnings));
  row.set("has_warnings", !version.warnings.empty());
  set_labels(visit, row, "forms.", {"warnings", "files", "bring_file", "file"});
  mustache::data files{mustache::data::type::list};
  for (const collect::FormFile& file : collect::form_files(visit.transaction, version.id)) {
    mustache::data line;
    line.set("text", file.name);
    line.set("here", visit.say(file.here ? "forms.file_here" : "forms.file_missing"));
    line.set("missing", !file.here);
    files << line;
  }
  row.set("has_files", files.is_non_empty_list());
  row.set("needs", files);
  return row;
}

Result<void> set_state(const Visit& visit, const collect::KeptForm& form, const std::string& wanted) {
  const auto state = collect::form_state_of(wanted);
  if (!state)
    return fail(problems::kInvalidValue, {{"where", visit.say("forms.state")},
                                          {"value", std::string(shortened(wanted, 40))},
                                          {"what", "state"},
                                          {"hint", "Use the buttons of the page."}});
  collect::set_form_state(visit.transaction, form.id, *state);
  return {};
}

}  // namespace

Result<Response> show_forms(const Visit& visit) { return forms_page(visit); }

Result<Response> take_form(const Visit& visit) {
  const auto result = taken(visit);
  if (!result) {
    if (result.error().is(problems::kForbidden)) return tl::unexpected(result.error());
    return forms_page(visit, result.error());
  }
  if (result->notes.empty()) return see_other("/forms/" + result->made.form.id.text());
  Page page;
  page.title = title_of(result->made.form);
  page.page = "form_taken";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("kept", visit.say(!result->made.is_new         ? "forms.was_here"
                             : result->made.version.draft ? "forms.kept_draft"
                                                          : "forms.kept_published"));
  data.set("notes_label", visit.say("forms.warnings"));
  data.set("notes", lines(result->notes));
  data.set("address", "/forms/" + result->made.form.id.text());
  data.set("on", visit.say("forms.go_on"));
  return show(visit, std::move(page));
}

Result<Response> show_form(const Visit& visit) {
  const collect::KeptForm form = TRY(form_named(visit));
  Page page;
  page.title = title_of(form);
  page.page = "form";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  data.set("about",
           visit.words.say({"forms.of_study", {{"form", form.form_id}, {"study", study_name(visit, form.study)}}}));
  data.set("back", visit.say("forms.title"));
  data.set("state", visit.say("forms.state_" + std::string(name_of(form.state))));
  data.set("state_about", visit.say("forms.about_" + std::string(name_of(form.state))));
  set_labels(visit, data, "forms.", {"state", "versions", "versions_hint", "fill", "submissions"});
  mustache::data states{mustache::data::type::list};
  for (const auto state : {collect::FormState::kOpen, collect::FormState::kClosing, collect::FormState::kClosed})
    if (state != form.state)
      states << option(std::string(name_of(state)), visit.say("forms.make_" + std::string(name_of(state))), false);
  data.set("states", states);
  const std::string address = "/forms/" + form.id.text();
  data.set("address", address);
  const auto versions = collect::form_versions(visit.transaction, form.id, true);
  const bool published = std::any_of(versions.begin(), versions.end(), [](const auto& each) { return !each.draft; });
  data.set("may_fill", published && form.state == collect::FormState::kOpen && may(visit, Right::kFillForms, form));
  data.set("may_read", may(visit, Right::kReadSubmissions, form));
  if (published) data.set("mapping", visit.say("mapping.link"));
  if (may(visit, Right::kExportSubmissions, form)) {
    mustache::data exports{mustache::data::type::list};
    const std::string base = (form.study ? "/api/v1/studies/" + form.study.text() : std::string("/api/v1")) +
                             "/forms/" + form.id.text() + "/submissions.";
    for (const auto& [ending, label] : {std::pair("csv.zip", "CSV"), {"xlsx", "XLSX"}, {"geojson", "GeoJSON"}})
      exports << option(base + ending, label, false);
    mustache::data out;
    out.set("label", visit.say("forms.export"));
    out.set("each", exports);
    data.set("exports", out);
  }
  mustache::data rows{mustache::data::type::list};
  for (const collect::FormVersion& version : versions) rows << version_row(visit, form, version);
  data.set("each_version", rows);
  return show(visit, std::move(page));
}

Result<Response> change_form(const Visit& visit) {
  const collect::KeptForm form = TRY(form_named(visit));
  const std::string what = visit.request.field("do");
  if (what == "state") {
    TRY(set_state(visit, form, visit.request.field("state")));
    return see_other("/forms/" + form.id.text());
  }
  if (what != "publish" && what != "file")
    return fail(problems::kInvalidValue, {{"where", "do"},
                                          {"value", std::string(shortened(what, 40))},
                                          {"what", "deed"},
                                          {"hint", "Use the buttons of the page."}});
  const Id id = Id::parse(visit.request.field("version")).value_or(Id{1});
  const collect::FormVersion version = TRY(collect::find_version(visit.transaction, id));
  if (version.form != form.id) return fail(problems::kNotFound, {{"what", "version"}, {"name", id.text()}});
  if (what == "publish") {
    TRY(collect::publish_draft(visit.transaction, version.id));
  } else {
    const Part* part = file_sent(visit);
    if (!part) return tl::unexpected(no_file(visit));
    const std::string name = name_alone(part->filename);
    std::optional<Problem> problem;
    TRY(collect::put_form_file(visit.transaction, version.id, name, collect::media_type_of(name), [&](const auto& put) {
      const auto read = part->content.read([&](std::string_view piece) -> Result<void> {
        put(piece);
        return {};
      });
      if (!read) problem.emplace(read.error());
    }));
    if (problem) return tl::unexpected(*problem);
  }
  return see_other("/forms/" + form.id.text());
}

}  // namespace understory::server

// The mapping of a form by pointing at its questions, what the newest submission would become by it, and taking
// submissions into a study.
#include "foundation/text.h"
#include "server/fill_page.h"
#include "server/mapping_page.h"
#include "server/routes.h"
#include "server/thing.h"
#include "study/take_submissions.h"
#include "study/vocabulary.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

using people::Right;

constexpr std::size_t kMostWords = 400;    // bytes of a source shown
constexpr std::size_t kMostLines = 200;    // of a receipt
constexpr std::size_t kMostSources = 100;  // of a preview

struct Subject {
  collect::KeptForm form;
  collect::Form fields;
  std::string address;
};

Result<Subject> subject_of(const Visit& visit) {
  Subject subject {
    TRY(form_named(visit))
    , {}, ""
  };
  subject.address = "/forms/" + subject.form.id.text();
  subject.fields = collect::union_of_versions(visit.transaction, subject.form.id);
  if (subject.fields.nodes.empty())
    return fail(problems::kNotFound, {{"what", "published version"}, {"name", subject.form.form_id}});
  return subject;
}

bool may_read(const Visit& visit, const collect::KeptForm& form) {
  return people::decide(visit.person, Right::kReadSubmissions, record_of(form)).allowed;
}

// Into which studies this person may take what the form's submissions tell: as a whole, or not at all.
std::vector<study::Study> studies_for(const Visit& visit, const collect::KeptForm& form) {
  std::vector<study::Study> all;
  if (!may_read(visit, form)) return all;
  for (const study::Study& each : study::studies(visit.transaction))
    if ((!form.study || form.study == each.id) && visit.may(Right::kChangeStudy, each.id) &&
        study::limits_of(visit.transaction, each.id, people::reach(visit.person, Right::kChangeStudy, each.id)).none())
      all.push_back(each);
  return all;
}

// The facts of somebody as one line: those that are known.
std::string facts_of(const Visit& visit, const study::Material& material, const study::MaterialRespondent& person) {
  std::vector<std::string> facts;
  if (!person.age_band.empty()) facts.push_back(visit.say("age_band." + person.age_band));
  if (!person.gender.empty()) facts.push_back(visit.say("gender." + person.gender));
  if (!person.role.empty()) facts.push_back(person.role);
  if (person.location >= 0) facts.push_back(material.locations[static_cast<std::size_t>(person.location)].name);
  if (!person.place_code.empty()) facts.push_back(person.place_code);
  if (!person.language.empty())
    facts.push_back(study::is_one_of(study::kLanguages, person.language) ? visit.say("language." + person.language)
                                                                         : person.language);
  for (const auto& [name, value] : person.attributes) facts.push_back(name + ": " + value);
  return facts.empty() ? visit.say("mapping.no_facts") : join(facts, " · ");
}

// A line of a receipt in this language, where it is told in more than English.
std::string said(const Visit& visit, const study::ImportLine& line) {
  return line.said.key.empty() ? line.what : visit.words.say(line.said);
}

std::string element_name(const Visit& visit, std::string element) {
  std::replace(element.begin(), element.end(), ' ', '_');
  const std::string key = "taking.of_" + element;
  return Catalogue::of("en").has(key) ? visit.say(key) : element;
}

void set_material(const Visit& visit, const study::Material& material, mustache::data& data) {
  mustache::data people{mustache::data::type::list}, sources{mustache::data::type::list},
      lines{mustache::data::type::list};
  for (const study::MaterialRespondent& each : material.respondents) {
    mustache::data row;
    row.set("name", each.name);
    row.set("facts", facts_of(visit, material, each));
    people << row;
  }
  for (const study::MaterialSource& each : material.sources) {
    if (&each - material.sources.data() >= static_cast<std::ptrdiff_t>(kMostSources)) break;
    mustache::data row;
    row.set("name", each.name);
    row.set("kind", visit.say("source_kind." + each.kind));
    if (!each.question.empty()) row.set("question", each.question);
    row.set("text",
            each.text.empty() ? visit.say("mapping.said_nothing") : std::string(shortened(each.text, kMostWords)));
    sources << row;
  }
  for (const study::ImportLine& each : material.report.lines) {
    mustache::data row;
    row.set("text", each.where + ": " + said(visit, each));
    row.set("english", each.said.key.empty());
    lines << row;
  }
  data.set("people", people);
  data.set("sources", sources);
  data.set("has_lines", !material.report.lines.empty());
  data.set("lines", lines);
}

// Beside the questions: what was told, for whoever may read it.
void set_preview(const Visit& visit, const Subject& subject, const study::SubmissionMapping& mapping,
                 mustache::data& data) {
  const auto about = [&](const char* key) { data.set("preview_about", visit.say(key)); };
  if (!may_read(visit, subject.form)) return about("mapping.preview_closed");
  if (visit.transaction.locked()) return about("mapping.preview_locked");
  const auto preview = study::preview_newest(visit.transaction, subject.form.study, subject.form.id, subject.fields,
                                             mapping, collect::within_reach(visit.person, subject.form));
  if (!preview) return about("mapping.preview_none");
  about("mapping.preview_about");
  if (preview->material.respondents.empty() && preview->material.sources.empty() &&
      preview->material.report.lines.empty())
    about("mapping.preview_left_out");
  set_material(visit, preview->material, data);
}

struct Asked {
  bool guessed = false, saved = false, refused = false;
};

Result<Response> mapping_page(const Visit& visit, const Subject& subject, const study::Pointing& pointing,
                              const Asked& asked, const std::optional<Problem>& problem = {}) {
  Page page;
  const std::string name = subject.form.title.empty() ? subject.form.form_id : subject.form.title;
  page.title = visit.words.say({"mapping.title", {{"form", name}}});
  page.page = "mapping";
  page.keeps_typed = visit.request.method == "POST";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form", visit.form_token());
  data.set("form_address", subject.address);
  data.set("address", subject.address + "/mapping");
  data.set("back", name);
  data.set("about", visit.say("mapping.about"));
  set_labels(
      visit, data, "mapping.",
      {"whole", "on_paper", "location", "location_hint", "called", "look", "look_hint", "save", "preview", "lines"});
  data.set("on_paper", pointing.consent_on_paper);
  data.set("location", pointing.location);
  mustache::data locations{mustache::data::type::list}, called{mustache::data::type::list};
  if (subject.form.study)
    for (const study::Location& each : study::locations(visit.transaction, subject.form.study))
      locations << option(each.name, each.name, false);
  data.set("locations", locations);
  const auto call = [&](const std::string& code, const std::string& label) {
    mustache::data row;
    row.set("code", code);
    row.set("label", label);
    const auto found = pointing.facilitator_called.find(code);
    row.set("value", found == pointing.facilitator_called.end() ? "" : found->second);
    called << row;
  };
  call("", visit.say("mapping.called_else"));
  for (const std::string_view code : study::kLanguages)
    call(std::string(code), visit.say("language." + std::string(code)));
  data.set("called", called);
  data.set("has_repeats", std::any_of(subject.fields.nodes.begin(), subject.fields.nodes.end(),
                                      [](const auto& node) { return node.shape == collect::Node::Shape::kRepeat; }));
  if (asked.guessed) data.set("guessed", visit.say("mapping.guessed"));
  if (asked.saved) {
    data.set("saved", visit.say("mapping.saved"));
    mustache::data studies{mustache::data::type::list};
    for (const study::Study& each : studies_for(visit, subject.form))
      studies << option(each.id.text(), each.name, false);
    data.set("take", studies.is_non_empty_list());
    data.set("studies", studies);
    data.set("take_address", subject.address + "/take");
    set_labels(visit, data, "mapping.", {"take", "take_study", "take_approved"});
  }
  const auto amiss = study::amiss_in(pointing, subject.fields);
  const MappingShown shown{
      subject.fields, pointing, amiss, visit.words, nearest_language(subject.fields.languages, visit.language()),
      asked.guessed};
  data.set("questions", mapping_html(shown));
  std::string summary = mapping_summary(shown);
  if (problem && amiss.empty()) summary = "<li>" + escape_markup(visit.words.sentence(*problem)) + "</li>";
  data.set("has_amiss", !summary.empty());
  data.set("refused", asked.refused);
  data.set("amiss", summary);
  data.set("amiss_title", visit.say(asked.refused ? "mapping.not_saved" : "mapping.still_amiss"));
  set_preview(visit, subject, study::mapping_of(pointing, subject.fields), data);
  Response response = show(visit, std::move(page));
  if (asked.refused) response.status = 422;
  return response;
}

// A mapping that was kept before the form changed may not fit it any more; it is shown, with what is amiss.
std::optional<study::Pointing> kept_pointing(const Visit& visit, const Subject& subject) {
  const auto mapping = study::read_submission_mapping(collect::form_mapping(visit.transaction, subject.form.id));
  if (!mapping) return std::nullopt;
  return study::pointing_of(*mapping);
}

}  // namespace

Result<Response> show_mapping(const Visit& visit) {
  const Subject subject = TRY(subject_of(visit));
  if (const auto kept = kept_pointing(visit, subject)) {
    Asked asked;
    asked.saved = true;
    return mapping_page(visit, subject, *kept, asked);
  }
  Asked asked;
  asked.guessed = true;
  return mapping_page(visit, subject, study::guess_pointing(subject.fields), asked);
}

Result<Response> keep_mapping(const Visit& visit) {
  const Subject subject = TRY(subject_of(visit));
  const study::Pointing pointing = pointing_sent(visit.request.form, subject.fields);
  if (visit.request.field("do") != "save") return mapping_page(visit, subject, pointing, {});
  Asked refused;
  refused.refused = true;
  if (!study::amiss_in(pointing, subject.fields).empty()) return mapping_page(visit, subject, pointing, refused);
  // The same way a mapping comes by a file: what one refuses the other refuses.
  const auto mapping =
      study::read_submission_mapping(study::write_submission_mapping(study::mapping_of(pointing, subject.fields)));
  if (!mapping) return mapping_page(visit, subject, pointing, refused, mapping.error());
  if (const auto fits = study::check_submission_mapping(*mapping, subject.fields); !fits)
    return mapping_page(visit, subject, pointing, refused, fits.error());
  collect::set_form_mapping(visit.transaction, subject.form.id, study::write_submission_mapping(*mapping));
  return see_other(subject.address + "/mapping");
}

Result<Response> take_into_study(const Visit& visit) {
  const collect::KeptForm form = TRY(form_named(visit));
  const auto possible = studies_for(visit, form);
  const std::string wanted = visit.request.field("study");
  const auto study =
      std::find_if(possible.begin(), possible.end(), [&](const auto& each) { return each.id.text() == wanted; });
  if (study == possible.end())
    return fail(problems::kNotFound, {{"what", "study"}, {"name", std::string(shortened(wanted, 40))}});
  study::TakeOptions options;
  options.among = collect::within_reach(visit.person, form);
  options.approved_only = !visit.request.field("approved").empty();
  const study::ImportReport report = TRY(study::take_submissions(visit.transaction, study->id, form.id, options));
  write_down(visit, visit.transaction, Right::kChangeStudy, "POST /forms/{form}/take", "study", study->id,
             "took what its forms told");
  Page page;
  const std::string name = form.title.empty() ? form.form_id : form.title;
  page.title = visit.words.say({"mapping.taken", {{"form", name}, {"study", study->name}}});
  page.page = "taken";
  page.keeps_typed = true;  // a link would ask for it once more
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("form_address", "/forms/" + form.id.text() + "/mapping");
  data.set("back", visit.words.say({"mapping.title", {{"form", name}}}));
  if (visit.may(Right::kSeeStudy, study->id)) data.set("study_address", "/studies/" + study->id.text());
  data.set("to_study", study->name);
  data.set("about", visit.say(report.complete() ? "mapping.taken_whole" : "mapping.taken_needs"));
  set_labels(visit, data, "mapping.", {"element", "outcome", "number", "lines"});
  mustache::data counts{mustache::data::type::list}, lines{mustache::data::type::list};
  for (const auto& [element, outcomes] : report.counts)
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == 0) continue;
      mustache::data row;
      row.set("element", element_name(visit, element));
      // Of a submission, that it was read says nothing about what the study held before.
      row.set("outcome", element == "submission" && study::kOutcomes[i] == "read"
                             ? visit.say("mapping.looked_through")
                             : visit.say("mapping.outcome_" + std::string(study::kOutcomes[i])));
      row.set("number", std::to_string(outcomes[i]));
      counts << row;
    }
  for (const study::ImportLine& each : report.lines) {
    if (&each - report.lines.data() >= static_cast<std::ptrdiff_t>(kMostLines)) break;
    mustache::data row;
    row.set("where", each.where);
    row.set("text", said(visit, each));
    row.set("english", each.said.key.empty());
    lines << row;
  }
  data.set("counts", counts);
  data.set("has_lines", !report.lines.empty());
  data.set("lines", lines);
  return show(visit, std::move(page));
}

}  // namespace understory::server

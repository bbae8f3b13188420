// Filling a form in on a page of ours, without script: each button sends the whole form, and nothing in it is lost.
//
// What is not yet sent lies in the page alone (all answers, also those that are not relevant), never in the workspace.
// The instanceID is given when the page is first made and signed, so that sending twice is one submission.
#include "collect/intake.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/token.h"
#include "server/fill_page.h"
#include "server/held_files.h"
#include "server/openrosa.h"
#include "server/page_clock.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr std::size_t kMostState = 16 << 20;  // bytes
constexpr std::size_t kMostAnswer = 1 << 20;  // bytes
constexpr int kKeepsClock = 31536000;         // seconds
constexpr const char* kPurpose = "form filled in on a page";
// Of a page with sounds or films: the form's own may be played.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; base-uri "
    "'none'; "
    "frame-ancestors 'none'";

HeldFiles& held_files() {
  static HeldFiles held;
  return held;
}

// What is filled in: a form anew, or a submission once more.
struct Subject {
  collect::KeptForm form;
  collect::FormVersion version;
  std::optional<collect::Submission> edited;
  std::string address() const {
    return edited ? "/submissions/" + edited->id.text() + "/edit" : "/forms/" + form.id.text() + "/fill";
  }
};

// The version is that of the page that was sent, even if there is a newer one by now.
Result<Subject> subject_of(const Visit& visit, const std::string& version) {
  Subject subject;
  if (visit.named.contains("submission")) {
    subject.edited = TRY(submission_named(visit));
    subject.form = TRY(collect::find_form(visit.transaction, subject.edited->form));
  } else {
    subject.form = TRY(form_named(visit));
  }
  const auto none = fail(problems::kNotFound, {{"what", "version"}, {"name", subject.form.form_id}});
  Id id = Id::parse(version).value_or(Id{});
  if (!id && subject.edited) id = subject.edited->version;
  if (id) {
    subject.version = TRY(collect::find_version(visit.transaction, id));
    if (subject.version.form != subject.form.id || subject.version.draft) return none;
    return subject;
  }
  const auto versions = collect::form_versions(visit.transaction, subject.form.id);
  if (versions.empty()) return none;
  subject.version = versions.front();
  return subject;
}

collect::Setting setting_of(const Visit& visit, const std::string& language, int clock) {
  collect::Setting setting;
  setting.now = now();
  setting.offset_minutes = clock;
  setting.language = language;
  setting.locale = visit.language();
  setting.username = account_name(visit, visit.person.account);
  return setting;
}

std::string text_at(const collect::Filling& filling, std::string_view name) {
  const collect::Element* meta = filling.root().child("meta");
  const collect::Element* found = meta ? meta->child(name) : nullptr;
  return found ? found->text : std::string();
}

// That this page was made here, for this person, of this version, under this number.
Result<std::string> mark_of(const Visit& visit, const Subject& subject, const collect::Filling& filling) {
  const auto key = TRY(people::audit_key(visit.workspace));
  return vault::hex(key.mark(kPurpose, subject.version.id.text() + "\n" + visit.person.account.text() + "\n" +
                                           text_at(filling, "instanceID") + "\n" + text_at(filling, "deprecatedID")));
}

struct Shown {
  const std::vector<collect::Unmet>* amiss = nullptr;
  std::string begin_at;
  std::vector<std::string> files_lost;
};

Result<Response> fill_page(const Visit& visit, const Subject& subject, const collect::Filling& filling,
                           const std::string& language, int clock, const Shown& shown) {
  Page page;
  page.title = subject.version.title.empty() ? subject.form.form_id : subject.version.title;
  page.page = "fill";
  page.keeps_typed = true;
  mustache::data& data = page.data;
  std::set<std::string> here;
  for (const collect::FormFile& file : collect::form_files(visit.transaction, subject.version.id))
    if (file.here) here.insert(file.name);
  const std::string files = "/forms/" + subject.form.id.text() + "/versions/" + subject.version.id.text() + "/files/";
  const FillHtml html =
      fill_html({filling, visit.words, language, shown.amiss, shown.begin_at, shown.files_lost, clock,
                 [&](const std::string& name) { return here.contains(name) ? files + percent_encode(name) : ""; }});
  if (html.left_out > 0)
    data.set("left_out", visit.words.say({"fill.left_out", {{"n", static_cast<std::int64_t>(html.left_out)}}}));
  data.set("title", page.title);
  data.set("about", visit.say(subject.edited ? "fill.about_edit" : "fill.about"));
  data.set("must", visit.say("fill.must"));
  data.set("form", visit.form_token());
  data.set("action", subject.address());
  if (!subject.edited) {
    mustache::data engine;
    engine.set("address", "/forms/" + subject.form.id.text() + "/engine");
    engine.set("label", visit.say("engine.link"));
    data.set("engine", engine);
  }
  data.set("summary", html.summary);
  data.set("questions", html.questions);
  if (const std::string code = language_code(language); !code.empty()) data.set("code", code);
  data.set("version", subject.version.id.text());
  data.set("mark", TRY(mark_of(visit, subject, filling)));
  data.set("state", filling.draft());
  data.set("asked_in", language);
  if (asks_for_times(filling.form())) {
    mustache::data clocks;
    clocks.set("each", clocks_to_choose(clock, now()));
    clocks.set("was", std::to_string(clock));
    set_labels(visit, clocks, "fill.", {"clock", "clock_hint"});
    data.set("clocks", clocks);
  }
  set_labels(visit, data, "fill.", {"check", "send", "check_hint", "page_language", "question_language"});
  mustache::data pages{mustache::data::type::list}, questions{mustache::data::type::list};
  for (const std::string& code : Catalogue::languages())
    if (code != visit.words.language())
      pages << option(subject.address() + "?lang=" + code, Catalogue::of(code).say("_name"), false);
  for (const std::string& each : filling.form().languages) questions << option(each, each, each == language);
  data.set("page_languages", pages);
  data.set("has_languages", filling.form().languages.size() > 1);
  data.set("question_languages", questions);
  Response response = show(visit, std::move(page));
  if (html.plays) response.headers.emplace_back("Content-Security-Policy", kPolicy);
  return response;
}

// What was sent, after it was kept. Whoever sent it sees it, nobody else.
Result<Response> receipt_page(const Visit& visit, const collect::KeptForm& form, const std::string& number) {
  const auto id = Id::parse(number);
  const auto sent =
      id ? collect::find_submission(visit.transaction, *id) : Result<collect::Submission>(fail(problems::kNotFound));
  if (!sent || sent->account != visit.person.account || sent->form_id != form.form_id || sent->device)
    return fail(problems::kNotFound, {{"what", "submission"}, {"name", std::string(shortened(number, 40))}});
  Page page;
  page.title = visit.say("fill.sent");
  page.page = "sent";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("name", form.title.empty() ? form.form_id : form.title);
  const bool waits = sent->waits_for != collect::WaitsFor::kNothing;
  data.set("state", visit.say(waits ? "openrosa.waits" : "openrosa.received"));
  data.set("number",
           visit.words.say({"fill.number", {{"number", sent->id.text()}, {"at", minute_text(sent->received_at)}}}));
  if (visit.request.has_parameter("again")) data.set("again", visit.say("fill.sent_before"));
  if (const std::int64_t missing = sent->attachments_expected - sent->attachments_present; missing > 0)
    data.set("missing", visit.words.say({"fill.files_missing", {{"n", missing}}}));
  data.set("another_address", "/forms/" + form.id.text() + "/fill");
  data.set("another", visit.say("fill.another"));
  data.set("forms", visit.say("forms.title"));
  return show(visit, std::move(page));
}

// All fields, in the order of the page; those too long for a form's field stand among the parts.
Result<FillSent> sent_fields(const Visit& visit) {
  if (visit.request.parts.empty()) return visit.request.form;
  FillSent sent;
  for (const Part& part : visit.request.parts) {
    if (!part.filename.empty() || part.name.empty() || part.name[0] != '/') continue;
    std::string text = TRY(part.content.text(kMostAnswer));
    if (first_invalid_utf8(text) || text.find('\0') != std::string::npos)
      return fail(problems::kInvalidValue,
                  {{"where", std::string(shortened(part.name, 80))}, {"value", ""}, {"what", "text"}, {"hint", ""}});
    sent.emplace_back(part.name, std::move(text));
  }
  return sent;
}

// What the page itself needs to know; of a page of many answers it stands among the parts alone.
std::string told(const Visit& visit, std::string_view name) {
  if (std::string text = visit.request.field(name); !text.empty()) return text;
  const Part* part = visit.request.part(name);
  return part && part->filename.empty() ? part->content.text(4096).value_or("") : "";
}

Result<std::string> sent_state(const Visit& visit) {
  if (const Part* part = visit.request.part("state")) return part->content.text(kMostState);
  return visit.request.field("state");
}

// A name no other question's file has: phones call every picture alike.
std::string own_name(const std::map<std::string, std::string>& by_name, std::string name, const std::string& address) {
  name = name.substr(name.find_last_of("/\\") + 1);
  if (name.empty() || name == "." || name == "..") name = "file";
  const std::size_t dot = std::min(name.rfind('.'), name.size());
  const std::string stem = name.substr(0, dot), ending = name.substr(dot);
  for (int n = 2;; ++n) {
    const auto taken = by_name.find(name);
    if (taken == by_name.end() || taken->second == address) return name;
    name = stem + "-" + std::to_string(n) + ending;
  }
}

void each_file_answer(const collect::Filling& filling, const collect::Element& element,
                      const std::function<void(const collect::Element&)>& take) {
  if (element.node >= 0 &&
      filling.form().nodes[static_cast<std::size_t>(element.node)].control == collect::Control::kUpload &&
      !element.text.empty())
    take(element);
  for (const auto& child : element.children) each_file_answer(filling, *child, take);
}

// Takes the files of the page in: held under their names until the form is sent.
std::vector<std::pair<std::string, std::string>> take_files(const Visit& visit, const collect::Filling& filling,
                                                            const std::string& held_as) {
  std::map<std::string, std::string> by_name;
  each_file_answer(filling, filling.root(), [&](const collect::Element& element) {
    by_name.emplace(element.text, filling.address_of(element));
  });
  std::vector<std::pair<std::string, std::string>> answers;
  for (const Part& part : visit.request.parts) {
    if (part.filename.empty() || part.name.empty() || part.name[0] != '/') continue;
    const collect::Element* element = filling.find(part.name);
    if (!element || element->node < 0 || filling.readonly(*element) ||
        filling.form().nodes[static_cast<std::size_t>(element->node)].control != collect::Control::kUpload)
      continue;
    const std::string name = own_name(by_name, part.filename, part.name);
    by_name[name] = part.name;
    held_files().put(
        held_as, {name, part.media_type.empty() ? "application/octet-stream" : part.media_type, part.content}, now());
    answers.emplace_back(part.name, name);
  }
  return answers;
}

// What the page names and nobody holds: chosen before a restart, or too long ago. An edit's own files are with it.
std::vector<std::string> lost_files(const Visit& visit, const Subject& subject, const collect::Filling& filling,
                                    const std::string& held_as) {
  const auto held = held_files().of(held_as, now());
  std::set<std::string> kept;
  if (subject.edited)
    for (const collect::Attachment& each : collect::attachments_of(visit.transaction, subject.edited->id))
      kept.insert(each.name);
  std::vector<std::string> lost;
  each_file_answer(filling, filling.root(), [&](const collect::Element& element) {
    if (!held.contains(element.text) && !kept.contains(element.text)) lost.push_back(filling.address_of(element));
  });
  return lost;
}

collect::Post post_of(const Visit& visit, const Subject& subject, collect::Filling& filling,
                      const std::string& held_as) {
  collect::Post post;
  post.sender.person = visit.person;
  // Who works in one place tells of that place.
  const people::Reach reach = people::reach(visit.person, people::Right::kFillForms, subject.form.study);
  if (!reach.everything && reach.places.size() == 1) post.sender.place = reach.places.front();
  post.route = subject.edited ? "POST /submissions/{submission}/edit" : "POST /forms/{form}/fill";
  post.xml = filling.xml();
  const auto names = collect::named_files(post.xml, subject.version.file_paths);
  for (const auto& [name, file] : held_files().of(held_as, now()))
    if (std::find(names.begin(), names.end(), name) != names.end())
      post.files.push_back({name, file.media_type, static_cast<std::int64_t>(file.content.size()),
                            [content = file.content](const std::function<void(std::string_view)>& put) {
                              const auto read = content.read([&](std::string_view piece) -> Result<void> {
                                put(piece);
                                return {};
                              });
                              if (!read) throw std::runtime_error(read.error().sentence());
                            }});
  return post;
}

// Where somebody is led once it is sent: an edit to its submission, anything else to a receipt.
std::string sent_at(const Subject& subject, Id submission, bool again) {
  if (subject.edited) return "/submissions/" + subject.edited->id.text();
  return subject.address() + "?sent=" + submission.text() + (again ? "&again=1" : "");
}

// Kept in a transaction of its own, together with others; the request's must not stay open while it waits for them.
Response send(const Visit& visit, const Subject& subject, collect::Filling& filling, const std::string& held_as,
              const std::string& clock) {
  Response response;
  response.then = [&workspace = visit.workspace, &words = visit.words, &request = visit.request, named = visit.named,
                   person = visit.person, session = visit.session, right = visit.right, subject, held_as, clock,
                   number = text_at(filling, "instanceID"),
                   post = std::make_shared<collect::Post>(post_of(visit, subject, filling, held_as))] {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    const auto receipt = collect::take_in(workspace, *key, *post);
    if (receipt) {
      held_files().forget(held_as);
      Response sent = see_other(sent_at(subject, receipt->submission, receipt->repeated));
      if (!clock.empty()) set_cookie(sent, request, "clock", clock, kKeepsClock);
      return sent;
    }
    storage::Transaction transaction = workspace.read();
    // Sent twice at once: the one that came first is kept, and people are told so.
    if (receipt.error().is(problems::kOtherInstance))
      if (const auto before = collect::submission_of(transaction, subject.form.form_id, number))
        return see_other(sent_at(subject, *before, true));
    const Visit later{workspace, transaction, request, words, named, person, session, right};
    return show_problem(later, receipt.error());
  };
  return response;
}

}  // namespace

namespace {

// What a form takes its choices from: files beside it, and lists of entities. `opened`: those lists.
collect::Lists choices_of(const Visit& visit, const Subject& subject, std::vector<Id>& opened) {
  collect::Lists lists = lists_of(visit.transaction, subject.version.id);
  for (const collect::FormFile& file : collect::form_files(visit.transaction, subject.version.id))
    if (const auto beside = list_beside(visit, subject.form.study, file))
      if (auto list = collect::read_list(beside->second, file.name)) {
        lists.emplace(file.name, std::move(*list));
        opened.push_back(beside->first);
      }
  return lists;
}

}  // namespace

Result<Response> show_filling(const Visit& visit) {
  if (!visit.named.contains("submission") && visit.request.has_parameter("sent"))
    return receipt_page(visit, TRY(form_named(visit)), visit.request.parameter("sent"));
  const Subject subject = TRY(subject_of(visit, ""));
  if (!subject.edited && subject.form.state != collect::FormState::kOpen)
    return fail(problems::kNotFound, {{"what", "open form"}, {"name", subject.form.form_id}});
  auto form = std::make_shared<const collect::Form>(collect::form_of(visit.transaction, subject.version.id));
  const std::string language = nearest_language(form->languages, visit.language());
  const auto plan = collect::plan_of(form);
  std::vector<Id> opened;
  auto lists = choices_of(visit, subject, opened);
  const int clock = page_clock(visit, subject.form, "", now());
  if (!subject.edited)
    return opens_lists(
        visit, opened,
        TRY(fill_page(visit, subject,
                      collect::Filling::start(plan, std::move(lists), setting_of(visit, language, clock)), language,
                      clock, {})));
  const auto instances = TRY(collect::instances_of(visit.transaction, subject.edited->id));
  const auto newest = std::find_if(instances.begin(), instances.end(), [&](const collect::KeptInstance& each) {
    return each.instance_id == subject.edited->current_id;
  });
  if (newest == instances.end() || newest->unreadable || TRY(collect::read_envelope(newest->xml)).encrypted)
    return fail(problems::kNotFound, {{"what", "readable submission"}, {"name", subject.edited->id.text()}});
  const auto filling = TRY(collect::Filling::load(plan, std::move(lists), setting_of(visit, language, clock),
                                                  newest->xml, collect::Filling::As::kEdit));
  return opens_lists(visit, opened, TRY(fill_page(visit, subject, filling, language, clock, {})));
}

Result<Response> take_filling(const Visit& visit) {
  const Subject subject = TRY(subject_of(visit, told(visit, "version")));
  auto form = std::make_shared<const collect::Form>(collect::form_of(visit.transaction, subject.version.id));
  // A page in another language asks in that, unless somebody chose otherwise by a button of the questions' own.
  std::string language = told(visit, "asked_in");
  if (!told(visit, "language").empty()) language = told(visit, "language");
  if (told(visit, "do") == "page_language" ||
      std::find(form->languages.begin(), form->languages.end(), language) == form->languages.end())
    language = nearest_language(form->languages, visit.language());
  const std::string chosen = told(visit, "clock");
  const int clock = page_clock(visit, subject.form, chosen, now());
  const collect::Setting setting = setting_of(visit, language, clock);
  std::vector<Id> opened;
  auto filling = TRY(collect::Filling::load(collect::plan_of(form), choices_of(visit, subject, opened), setting,
                                            TRY(sent_state(visit)), collect::Filling::As::kDraft));
  const std::string mark = TRY(mark_of(visit, subject, filling));
  if (!people::same(mark, told(visit, "mark"))) return fail(problems::kForbidden);

  // Sent before: the button was pressed twice, or somebody came back to the page. Its files are let go by now.
  if (told(visit, "do") == "send")
    if (const auto before =
            collect::submission_of(visit.transaction, subject.form.form_id, text_at(filling, "instanceID")))
      return see_other(sent_at(subject, *before, true));

  FillClock written_by{clock, {}};
  if (const std::string was = told(visit, "clock_was"); !subject.edited && !was.empty())
    written_by.before = page_clock(visit, subject.form, was, now());
  auto answers = answers_of(filling, TRY(sent_fields(visit)), written_by);
  for (auto& each : take_files(visit, filling, mark)) answers.push_back(std::move(each));
  if (!answers.empty()) TRY(filling.set(answers));

  Shown shown;
  if (const std::string added = told(visit, "add"); !added.empty()) {
    const std::size_t space = added.find(' ');
    shown.begin_at =
        TRY(filling.add_repeat(added.substr(0, space), space == std::string::npos ? "" : added.substr(space + 1)));
  } else if (const std::string removed = told(visit, "remove"); !removed.empty()) {
    TRY(filling.remove_repeat(removed));
  }
  shown.files_lost = lost_files(visit, subject, filling, mark);
  const std::string what = told(visit, "do");
  std::vector<collect::Unmet> amiss;
  if (what == "check" || what == "send") {
    amiss = filling.problems();
    std::erase_if(amiss, [](const collect::Unmet& each) { return each.kind == collect::Unmet::Kind::kUnknown; });
    shown.amiss = &amiss;
    if (what == "send" && amiss.empty() && shown.files_lost.empty())
      return send(visit, subject, filling, mark, chosen.empty() ? "" : std::to_string(clock));
  }
  Response response = TRY(fill_page(visit, subject, filling, language, clock, shown));
  if (!chosen.empty()) set_cookie(response, visit.request, "clock", std::to_string(clock), kKeepsClock);
  if (what == "send") response.status = 422;
  return opens_lists(visit, opened, std::move(response));
}

}  // namespace understory::server

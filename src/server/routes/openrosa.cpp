// What phones ask for: the list of forms, a form, the files beside it; and what they send.
#include "server/openrosa.h"

#include "collect/entities.h"
#include "collect/forms.h"
#include "collect/intake.h"
#include "foundation/reasons.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/whole.h"
#include "server/long_target.h"
#include "server/problems.h"
#include "server/ranges.h"
#include "server/routes.h"
#include "vault/md5.h"

namespace understory::server {

namespace {

// The address all others of this client begin with, as it must stand in what it is given.
std::string base_of(const Visit& visit) {
  const auto token = visit.named.find("token");
  return (visit.request.secure ? "https://" : "http://") + visit.request.header("host") +
         (token == visit.named.end() ? "/v1" : "/v1/key/" + percent_encode(token->second));
}

bool may_fill(const Visit& visit, const collect::KeptForm& form) {
  const Id of_device = visit.device ? visit.device->study : Id{};
  if (form.study && of_device && form.study != of_device) return false;
  return people::decide(visit.person, people::Right::kFillForms, {form.study ? form.study : of_device, {}, {}}).allowed;
}

// A list of entities that stands for a file nobody brought ("people.csv").
std::optional<collect::EntityList> list_for(const Visit& visit, Id study, const collect::FormFile& file) {
  if (file.here || !file.name.ends_with(".csv")) return std::nullopt;
  return collect::find_entity_list(visit.transaction, study, file.name.substr(0, file.name.size() - 4));
}

// What of a list goes to this client. To a phone what lies in its place, where the list knows places. To an account no
// more than it may have of the study: all of it, or what lies in its places; where something is kept back from it, or
// the list knows no places, nothing tells what of the list that would be.
struct Share {
  std::optional<std::vector<std::string>> places;  // nothing: all of it
};
std::optional<Share> share_of(const Visit& visit, const collect::EntityList& list) {
  if (visit.device) {
    if (visit.device->place.empty()) return Share{};
    return Share{std::vector<std::string>{visit.device->place}};
  }
  if (people::has_whole(visit.person, visit.right, list.study)) return Share{};
  people::Reach reach = people::reach(visit.person, visit.right, list.study);
  if (!reach.without.empty() || reach.places.empty() || list.place_property.empty()) return std::nullopt;
  return Share{std::move(reach.places)};
}

// Its content, where something is at hand that opens it: stories are unlocked, or the phone was given its key.
std::optional<std::string> csv_of(const Visit& visit, const collect::EntityList& list) {
  const auto share = share_of(visit, list);
  if (!share) return std::nullopt;
  auto secret = collect::list_secret(visit.transaction, list.id);
  if (!secret && visit.device)
    if (const auto own = device_secret_of(visit))
      secret = collect::list_secret(visit.transaction, list.id, visit.device->id, *own);
  if (!secret) return std::nullopt;
  return collect::entity_csv(visit.transaction, list, *secret, share->places ? &*share->places : nullptr);
}

std::string list_entry(const Visit& visit, const collect::KeptForm& form, const collect::FormVersion& version) {
  const std::string at = base_of(visit) + "/forms/" + version.id.text();
  const auto files = collect::form_files(visit.transaction, version.id);
  const bool media = std::any_of(files.begin(), files.end(),
                                 [&](const auto& file) { return file.here || list_for(visit, form.study, file); });
  return fmt::format(
      "  <xform>\n    <formID>{}</formID>\n    <name>{}</name>\n    <version>{}</version>\n    <hash>md5:{}</hash>\n"
      "    <downloadUrl>{}.xml</downloadUrl>\n{}  </xform>\n",
      escape_markup(form.form_id), escape_markup(version.title.empty() ? form.form_id : version.title),
      escape_markup(version.version), version.md5, escape_markup(at),
      media ? "    <manifestUrl>" + escape_markup(at) + "/manifest</manifestUrl>\n" : "");
}

// The version the address names, where this client may fill it in.
Result<collect::FormVersion> version_asked(const Visit& visit, std::string name) {
  if (name.ends_with(".xml")) name.resize(name.size() - 4);
  const auto not_there = fail(problems::kNotFound, {{"what", "form"}, {"name", std::string(shortened(name, 40))}});
  const auto id = Id::parse(name);
  if (!id) return not_there;
  auto version = collect::find_version(visit.transaction, *id);
  if (!version || version->draft) return not_there;
  const auto form = collect::find_form(visit.transaction, version->form);
  if (!form || form->state == collect::FormState::kClosed || !may_fill(visit, *form)) return not_there;
  return std::move(*version);
}

// A client whose time is over is told so when it fetches; what it sends is taken and waits.
Result<void> still_enrolled(const Visit& visit) {
  if (visit.device && visit.device->over(now())) return fail(problems::kDeviceOver);
  return {};
}

Response thank(const Catalogue& words, const collect::Receipt& receipt) {
  if (receipt.waits_for != collect::WaitsFor::kNothing)
    return envelope(202, "submit_pending", words.say("openrosa.waits"));
  return envelope(201, "submit_success", words.say("openrosa.received"));
}

}  // namespace

Result<Response> send_form_list(const Visit& visit) {
  TRY(still_enrolled(visit));
  const std::string wanted = visit.request.parameter("formID");
  const bool all = lower_ascii(visit.request.parameter("listAllVersions")) == "true";
  std::string list =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xforms xmlns=\"http://openrosa.org/xforms/"
      "xformsList\">\n";
  for (const collect::KeptForm& form : collect::forms(visit.transaction)) {
    if (form.state != collect::FormState::kOpen || !may_fill(visit, form)) continue;
    if (visit.request.has_parameter("formID") && form.form_id != wanted) continue;
    for (const collect::FormVersion& version : collect::form_versions(visit.transaction, form.id)) {
      list += list_entry(visit, form, version);
      if (!all) break;
    }
  }
  return openrosa_xml(list + "</xforms>\n");
}

Result<Response> send_form(const Visit& visit) {
  TRY(still_enrolled(visit));
  const auto version = TRY(version_asked(visit, visit.named.at("form")));
  Response response = openrosa_xml(collect::form_xml(visit.transaction, version.id));
  response.headers.emplace_back("ETag", "\"" + version.md5 + "\"");
  return response;
}

Result<Response> send_manifest(const Visit& visit) {
  TRY(still_enrolled(visit));
  const auto version = TRY(version_asked(visit, visit.named.at("form")));
  const std::string at = base_of(visit) + "/forms/" + version.id.text() + "/files/";
  std::string list =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest xmlns=\"http://openrosa.org/xforms/"
      "xformsManifest\">\n";
  const Id study = TRY(collect::find_form(visit.transaction, version.form))
  .study;
  for (const collect::FormFile& file : collect::form_files(visit.transaction, version.id)) {
    const auto entities = list_for(visit, study, file);
    const auto csv = entities ? csv_of(visit, *entities) : std::nullopt;
    if (!file.here && !csv) continue;  // one that is named and cannot be fetched would fail the whole form
    list += fmt::format(
        "  <mediaFile{}>\n    <filename>{}</filename>\n    <hash>md5:{}</hash>\n    <downloadUrl>{}</downloadUrl>\n{}"
        "  </mediaFile>\n",
        csv ? " type=\"entityList\"" : "", escape_markup(file.name), csv ? vault::md5_hex(*csv) : file.md5,
        escape_markup(at + percent_encode(file.name)),
        csv ? "    <integrityUrl>" + escape_markup(at + percent_encode(file.name)) + "/integrity</integrityUrl>\n"
            : "");
  }
  return openrosa_xml(list + "</manifest>\n");
}

namespace {

// A file of a form, each piece in a transaction of its own. If another comes in its place meanwhile, it ends before its
// size, and is cut: nobody takes parts of two for one.
class FilePieces : public Pieces {
 public:
  FilePieces(storage::Workspace& workspace, collect::FormFile file) : workspace_(workspace), file_(std::move(file)) {}
  Result<std::string> next() override {
    storage::Transaction transaction = workspace_.read();
    return collect::form_file_piece(transaction, file_, position_++);
  }
  std::uint64_t skip(std::uint64_t bytes) override {
    position_ = static_cast<std::int64_t>(bytes / collect::kFormFilePiece);
    return static_cast<std::uint64_t>(position_) * collect::kFormFilePiece;
  }

 private:
  storage::Workspace& workspace_;
  const collect::FormFile file_;
  std::int64_t position_ = 0;
};

}  // namespace

Result<Response> send_form_file(const Visit& visit) {
  TRY(still_enrolled(visit));
  const auto version = TRY(version_asked(visit, visit.named.at("form")));
  return file_beside(visit, version, visit.named.at("name"));
}

// Whether what a phone has and the list has not was deleted here (docs.getodk.org/openrosa-integrity). Of each number
// asked for, whatever it is: that one is of another list, or of nothing, is not told. (How so many come:
// long_target.h.)
Result<Response> tell_integrity(const Visit& visit) {
  TRY(still_enrolled(visit));
  const auto version = TRY(version_asked(visit, visit.named.at("form")));
  const std::string& name = visit.named.at("name");
  const Id study = TRY(collect::find_form(visit.transaction, version.form))
  .study;
  for (const collect::FormFile& file : collect::form_files(visit.transaction, version.id)) {
    const auto list = file.name == name ? list_for(visit, study, file) : std::nullopt;
    if (!list) continue;
    const std::set<std::string> deleted = collect::deleted_entities(visit.transaction, list->id);
    std::string told = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n  <entities>\n";
    const std::string asked = visit.request.parameter("id");
    std::size_t count = 0;
    for (const std::string_view part : split(asked, ',')) {
      const std::string_view id = trim(part);
      if (id.empty()) continue;
      if (++count > kMostNumbers || id.size() > 100)
        return fail(problems::kTooManyNumbers, {{"most", fmt::format("{}", kMostNumbers)}});
      told += fmt::format("    <entity id=\"{}\"><deleted>{}</deleted></entity>\n", escape_markup(id),
                          deleted.contains(lower_ascii(id)));
    }
    return openrosa_xml(told + "  </entities>\n</data>\n");
  }
  return fail(problems::kNotFound, {{"what", "file"}, {"name", std::string(shortened(name, 80))}});
}

Result<Response> file_beside(const Visit& visit, const collect::FormVersion& version, const std::string& name) {
  for (const collect::FormFile& file : collect::form_files(visit.transaction, version.id)) {
    if (file.name != name) continue;
    if (!file.here) {
      const Id study = TRY(collect::find_form(visit.transaction, version.form))
      .study;
      const auto entities = list_for(visit, study, file);
      auto csv = entities ? csv_of(visit, *entities) : std::nullopt;
      if (!csv) continue;
      Response response = openrosa_xml(std::move(*csv));
      response.content_type = "text/csv; charset=utf-8";
      response.headers.emplace_back("ETag", "\"" + vault::md5_hex(response.body) + "\"");
      response.headers.emplace_back("Content-Disposition", "attachment");
      return opens_lists(visit, {entities->id}, std::move(response));
    }
    Response response;
    response.content_type = file.media_type.empty() ? "application/octet-stream" : file.media_type;
    response.size = static_cast<std::uint64_t>(file.size);
    response.pieces = std::make_shared<FilePieces>(visit.workspace, file);
    response.headers.emplace_back("ETag", "\"" + file.md5 + "\"");
    response.headers.emplace_back("Content-Disposition", "attachment");
    add_openrosa_headers(response);
    return ranged(visit.request, std::move(response));
  }
  return fail(problems::kNotFound, {{"what", "file"}, {"name", std::string(shortened(name, 80))}});
}

std::optional<std::pair<Id, std::string>> list_beside(const Visit& visit, Id study, const collect::FormFile& file) {
  const auto list = list_for(visit, study, file);
  auto csv = list ? csv_of(visit, *list) : std::nullopt;
  if (!csv) return std::nullopt;
  return std::pair(list->id, std::move(*csv));
}

Response opens_lists(const Visit& visit, const std::vector<Id>& lists, Response response) {
  if (lists.empty() || visit.person.at_machine) return response;
  people::Deed deed;
  deed.account = visit.person.account;
  deed.action = people::name_of(visit.right);
  const auto called = [&](std::string_view name) { return visit.named.contains(std::string(name)); };
  deed.route = called("name")         ? "GET /v1/forms/{form}/files/{name}"
               : called("submission") ? "/submissions/{submission}/edit"
                                      : "/forms/{form}/fill";
  deed.kind = "entity_list";
  deed.outcome = "done";
  deed.reason = visit.device ? "device " + visit.device->id.text() : "account";
  Response later;
  later.then = [&workspace = visit.workspace, deed, lists, kept = std::make_shared<Response>(std::move(response))] {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    workspace.write_together([&](storage::Transaction& transaction) {
      for (const Id list : lists) {
        people::Deed each = deed;
        each.record = list;
        people::record(transaction, *key, each);
      }
    });
    return std::move(*kept);
  };
  return later;
}

Result<Response> welcome_submission(const Visit&) {
  Response response = openrosa_xml("");
  response.status = 204;
  return response;
}

Result<collect::Post> sent_parts(const Visit& visit) {
  collect::Post post;
  const Part* xml = nullptr;
  for (const Part& part : visit.request.parts) {
    if (part.name == "xml_submission_file") {
      if (xml)
        return fail_because(problems::kReasonTwoForms, problems::kBadSubmission, {{"part", "xml_submission_file"}});
      xml = &part;
    } else if (!part.filename.empty()) {
      post.files.push_back({part.filename, part.media_type.empty() ? "application/octet-stream" : part.media_type,
                            static_cast<std::int64_t>(part.content.size()),
                            [content = part.content](const std::function<void(std::string_view)>& put) {
                              const auto read = content.read([&](std::string_view piece) -> Result<void> {
                                put(piece);
                                return {};
                              });
                              if (!read) throw std::runtime_error(read.error().sentence());
                            }});
    }
  }
  if (!xml)
    return fail_because(problems::kReasonNoFormPart, problems::kBadSubmission, {{"part", "xml_submission_file"}});
  post.xml = TRY(xml->content.text(16 << 20));
  return post;
}

Result<Response> take_submission(const Visit& visit) {
  if (visit.request.body_problem) return tl::unexpected(*visit.request.body_problem);
  collect::Post post = TRY(sent_parts(visit));
  post.sender.person = visit.person;
  post.sender.device_name = std::string(shortened(visit.request.parameter("deviceID"), 200));
  if (visit.device) {
    post.sender.device = visit.device->id;
    post.sender.study = visit.device->study;
    post.sender.place = visit.device->place;
    post.sender.over = visit.device->over(now());
  }
  post.route = "POST /v1/submission";
  // Kept in a transaction of its own, together with others; this one must not stay open while it waits for them.
  Response response;
  response.then = [&workspace = visit.workspace, &words = visit.words, kept = std::make_shared<collect::Post>(post)] {
    const auto key = people::audit_key(workspace);
    if (!key) throw std::runtime_error(key.error().sentence());
    const auto receipt = collect::take_in(workspace, *key, *kept);
    return receipt ? thank(words, *receipt) : openrosa_problem(words, receipt.error());
  };
  return response;
}

}  // namespace understory::server

#include "server/routes.h"

#include "foundation/text.h"
#include "server/desk_routes.h"
#include "server/openrosa.h"

namespace understory::server {

namespace {

using enum Access;
using enum people::Right;

constexpr Body kSent{Body::Kind::kParts, kMostSent};
// A page that is filled in: a part each box of it (fill_page.h's most_fields, and the choices of its last question).
constexpr Body kFilled{Body::Kind::kParts, kMostSent, 25'000};

// OData's way to ask without an address: what $filter looks for, often a name, stands in no history and no log.
constexpr Body kQuery{Body::Kind::kBytes, 128 * 1024};

// What the desk sends: a few named values as JSON.
constexpr Body kJson{Body::Kind::kBytes, 128 * 1024};

constexpr Route kRoutes[] = {
    {"GET", "/", show_studies, kSignedIn, kSeeStudy, false},
    {"GET", "/studies/{study}", show_overview, kRight, kSeeStudy, false},
    {"GET", "/studies/{study}/codebook", show_codebook, kRight, kSeeStudy, false},
    {"GET", "/studies/{study}/machine", show_machine, kRight, kSeeFindings, false},
    // Learns while it only reads; keeps and logs by itself.
    {"POST", "/studies/{study}/machine/learn", teach_machine, kRight, kCode, false, true, Lane::kReports},
    {"POST", "/studies/{study}/machine/remove", remove_machine, kRight, kChangeStudy, true},
    {"GET", "/studies/{study}/sources", show_sources, kRight, kListSources, true},
    // Words searched for, often a name, stand in no address, and so in no history and no log.
    {"POST", "/studies/{study}/sources", show_sources, kRight, kListSources, true, true},
    {"GET", "/studies/{study}/sources/{source}", show_source, kRight, kReadSource, true},
    {"GET", "/studies/{study}/sources/{source}/erase", ask_to_erase, kRight, kChangeStudy, true},
    {"POST", "/studies/{study}/sources/{source}/erase", erase_source, kRight, kChangeStudy, false},  // says the reason
    {"GET", "/studies/{study}/findings/{ask}", show_finding, kRight, kSeeFindings, false},
    {"GET", "/studies/{study}/findings/{ask}/passages", show_passages, kRight, kSeePassages, true},
    {"GET", "/studies/{study}/report.html", send_report_html, kRight, kMakeReport, true},
    {"GET", "/studies/{study}/report.pdf", send_report_pdf, kRight, kMakeReport, true, false, Lane::kReports},
    {"GET", "/studies/{study}/report.docx", send_report_docx, kRight, kMakeReport, true, false, Lane::kReports},
    {"GET", "/studies/{study}/report.csv", send_report_csv, kRight, kMakeReport, true},
    {"GET", "/studies/{study}/report.xlsx", send_report_xlsx, kRight, kMakeReport, true},
    {"GET", "/page.css", send_style, kAnybody, {}, false},
    {"GET", "/healthz", tell_health, kAnybody, {}, false},
    {"GET", "/metrics", tell_figures, kFromHere, kKeepMachine, false},
    {"GET", "/sign-in", show_sign_in, kAnybody, {}, false},
    // Those of the lane for passwords log in their own transactions.
    {"POST", "/sign-in", do_sign_in, kAnybody, {}, false, false, Lane::kPasswords},
    {"POST", "/sign-out", do_sign_out, kSignedIn, {}, true},
    {"GET", "/invitations/{invitation}", show_invitation, kAnybody, {}, false},
    {"POST", "/invitations/{invitation}", accept_invitation, kAnybody, {}, false, false, Lane::kPasswords},
    {"GET", "/account", show_account, kSignedIn, {}, false},
    {"POST", "/account/sign-out-everywhere", sign_out_everywhere, kSignedIn, {}, true},
    {"POST", "/account/entry", change_entry, kSignedIn, {}, false, false, Lane::kPasswords},
    {"GET", "/audit", show_audit, kRight, kReadAudit, true},
    {"GET", "/accounts", show_accounts, kRight, kManageAccounts, true},
    {"POST", "/accounts", make_account, kRight, kManageAccounts,
     false},  // says more in the log than a line of this table
    {"GET", "/accounts/{account}", show_account_of, kRight, kManageAccounts, true},
    {"POST", "/accounts/{account}", change_account, kRight, kManageAccounts, false},  // likewise
    {"GET", "/accounts/{account}/sees", show_what_account_sees, kRight, kManageAccounts, true},
    // The program's own words, and nobody's.
    {"GET", "/languages", show_languages, kSignedIn, kSeeStudy, false},
    {"GET", "/languages/{language}/sentences.csv", send_sentences, kSignedIn, kSeeStudy, false},
    {"GET", "/places", show_places, kSignedIn, kSeeStudy, false},
    // Keeps and logs in a transaction of its own, which is given up when something in the file is wrong.
    {"POST", "/places", bring_places, kRight, kChangeStudy, false, true, Lane::kReports,
     Body{Body::Kind::kParts, 40'000'000}},
    {"GET", "/studies/{study}/sources/{source}/looks", show_looks_at_source, kRight, kChangeStudy, true},
    {"GET", "/submissions/{submission}/looks", show_looks_at_submission, kThing, kReviewSubmissions, true},
    {"GET", "/backups", show_backups, kRight, kKeepMachine, true},
    {"POST", "/backups", ask_for_backup, kRight, kKeepMachine, true},
    // Each job is open to whoever may see its kind; which was stopped stands in the log, said there.
    {"GET", "/jobs", show_jobs, kSignedIn, kSeeStudy, false},
    {"POST", "/jobs/{job}", stop_job, kSignedIn, kSeeStudy, false},
    {"GET", "/set-up", show_set_up, kAnybody, {}, false},
    {"POST", "/set-up", do_set_up, kAnybody, {}, false, false, Lane::kPasswords},
    {"GET", "/glass", show_glasses, kSignedIn, {}, false},
    {"POST", "/glass", ask_glass, kSignedIn, {}, false},                  // likewise
    {"GET", "/glass/{glass}", look_through_glass, kSignedIn, {}, false},  // decides and logs by itself
    {"POST", "/glass/{glass}", change_glass, kSignedIn, {}, false},       // likewise
    {"POST", "/notices/read", mark_notices_read, kSignedIn, {}, false},
    {"GET", "/forms", show_forms, kSignedIn, kFillForms, false},
    // A program of its own may have to read it, for up to a minute: kept and logged in a transaction after that.
    {"POST", "/forms", take_form, kThing, kKeepForms, false, true, Lane::kReports, kSent},
    {"GET", "/forms/{form}", show_form, kThing, kKeepForms, false},
    {"POST", "/forms/{form}", change_form, kThing, kKeepForms, true, false, Lane::kPages, kSent},
    // Shows what the newest submission would become, so it is logged like reading one.
    {"GET", "/forms/{form}/mapping", show_mapping, kThing, kKeepForms, true},
    {"POST", "/forms/{form}/mapping", keep_mapping, kThing, kKeepForms, true, false, Lane::kPages,
     Body{Body::Kind::kParts, 4'000'000}},
    {"POST", "/forms/{form}/take", take_into_study, kThing, kReadSubmissions, true, false, Lane::kReports},
    {"GET", "/forms/{form}/fill", show_filling, kThing, kFillForms, false},
    // What is sent is logged where it is kept, in that transaction; what is merely looked at again, nowhere.
    {"POST", "/forms/{form}/fill", take_filling, kThing, kFillForms, false, true, Lane::kIntake, kFilled},
    {"GET", "/forms/{form}/submissions", show_submissions, kThing, kReadSubmissions, true},
    {"POST", "/forms/{form}/submissions", review_submissions, kThing, kReviewSubmissions, true},
    {"GET", "/submissions/{submission}", show_submission, kThing, kReadSubmissions, true},
    {"POST", "/submissions/{submission}", review_submission, kThing, kReviewSubmissions, true},
    {"GET", "/submissions/{submission}/erase", ask_to_erase_submission, kThing, kChangeStudy, true},
    {"POST", "/submissions/{submission}/erase", erase_submission, kThing, kChangeStudy, false},  // says the reason
    {"GET", "/submissions/{submission}/edit", show_filling, kThing, kReviewSubmissions, true},
    {"POST", "/submissions/{submission}/edit", take_filling, kThing, kReviewSubmissions, false, true, Lane::kIntake,
     kFilled},
    {"GET", "/submissions/{submission}/attachments/{attachment}", send_attachment, kThing, kReadSubmissions, true, true,
     Lane::kDownloads},
    {"GET", "/entities", show_entity_lists, kSignedIn, kReadSubmissions, false},
    {"GET", "/entities/{list}", show_entity_list, kThing, kReadSubmissions, true},
    {"POST", "/entities/{list}", change_entity_list, kThing, kKeepForms, true},
    {"POST", "/entities/{list}/{entity}", change_entity, kThing, kReviewSubmissions, false},  // says which one
    {"GET", "/devices", show_devices, kRight, kKeepDevices, true},
    {"POST", "/devices", enroll_device, kRight, kKeepDevices, true},
    {"POST", "/devices/{device}", revoke_device, kRight, kKeepDevices, true},
    // A form filled in by script, with drafts sealed on the device.
    {"GET", "/forms/{form}/engine", show_engine, kThing, kFillForms, false},
    {"POST", "/forms/{form}/engine", take_from_engine, kThing, kFillForms, false, true, Lane::kIntake, kSent, true},
    {"GET", "/forms/{form}/versions/{version}/definition", send_definition, kThing, kFillForms, false},
    // Decides by itself: a file nobody brought yet is asked for each time the form is opened, and is no denial.
    {"GET", "/forms/{form}/versions/{version}/files/{name}", send_version_file, kSignedIn, kFillForms, false, true,
     Lane::kDownloads},
    // Staff's place in the browser; its script asks the JSON interface for everything.
    {"GET", "/desk", show_desk, kSignedIn, kSeeStudy, false},
    {"GET", "/desk/{rest*}", show_desk, kSignedIn, kSeeStudy, false},
    {"GET", "/assets/{name}", send_asset, kAnybody, {}, false},
    // OpenRosa, by a token in the path or by name and token as HTTP asks for them. What is sent is logged where it is
    // kept, in that transaction.
    {"GET", "/v1/key/{token}/formList", send_form_list, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}", send_form, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}/manifest", send_manifest, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/forms/{form}/files/{name}", send_form_file, kDevice, kFillForms, false, true,
     Lane::kDownloads},
    {"GET", "/v1/key/{token}/forms/{form}/files/{name}/integrity", tell_integrity, kDevice, kFillForms, false},
    {"GET", "/v1/key/{token}/submission", welcome_submission, kDevice, kFillForms, false},
    {"POST", "/v1/key/{token}/submission", take_submission, kDevice, kFillForms, false, true, Lane::kIntake, kSent,
     true},
    {"GET", "/v1/formList", send_form_list, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}", send_form, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}/manifest", send_manifest, kDevice, kFillForms, false},
    {"GET", "/v1/forms/{form}/files/{name}", send_form_file, kDevice, kFillForms, false, true, Lane::kDownloads},
    {"GET", "/v1/forms/{form}/files/{name}/integrity", tell_integrity, kDevice, kFillForms, false},
    {"GET", "/v1/submission", welcome_submission, kDevice, kFillForms, false},
    {"POST", "/v1/submission", take_submission, kDevice, kFillForms, false, true, Lane::kIntake, kSent, true},
    {"GET", "/api/v1/studies", api_studies, kSignedIn, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}", api_study, kRight, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}/codebook", api_codebook, kRight, kSeeStudy, false},
    {"POST", "/api/v1/studies/{study}/codebook", make_code, kRight, kChangeStudy, true, false, Lane::kPages, kJson},
    {"POST", "/api/v1/studies/{study}/codebook/{code}", change_code, kRight, kChangeStudy, true, false, Lane::kPages,
     kJson},
    {"GET", "/api/v1/studies/{study}/codebook/{code}/merge", look_at_merge, kRight, kChangeStudy, false},
    {"POST", "/api/v1/studies/{study}/codebook/{code}/merge", merge_code, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/codebook/{code}/passages", api_passages_of_code, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/codebook/{code}/split", split_code, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    // Looked at, or taken in a transaction of its own, with its line in the log, while the answer is made.
    {"POST", "/api/v1/studies/{study}/imports", import_files, kRight, kChangeStudy, false, true, Lane::kDownloads,
     Body{Body::Kind::kParts, 200'000'000}},
    {"GET", "/api/v1/studies/{study}/imports", api_imports, kRight, kChangeStudy, true},
    {"GET",
     "/api/v1/studies/{study}/jobs",
     api_jobs,
     kRight,
     kChangeStudy,
     false,
     false,
     Lane::kPages,
     {},
     false,
     true},
    // One's own alone.
    {"GET", "/api/v1/studies/{study}/views", api_views, kRight, kListSources, false},
    {"POST", "/api/v1/studies/{study}/views", save_view, kRight, kListSources, true, false, Lane::kPages, kJson},
    {"DELETE", "/api/v1/studies/{study}/views/{view}", forget_view, kRight, kListSources, true},
    {"POST", "/api/v1/studies/{study}/machine/remove", api_remove_machine, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/sources", api_sources, kRight, kListSources, true},
    {"GET", "/api/v1/studies/{study}/sources/{source}", api_source, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/codings", put_coding, kRight, kCode, true, false, Lane::kPages,
     kJson},
    {"DELETE", "/api/v1/studies/{study}/sources/{source}/codings/{coding}", take_coding_off, kRight, kCode, true},
    {"GET", "/api/v1/studies/{study}/sources/{source}/suggestions", api_suggestions, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/suggestions", answer_suggestion, kRight, kCode, true, false,
     Lane::kPages, kJson},
    {"POST", "/api/v1/studies/{study}/sources/{source}/masks", put_mask, kRight, kCode, true, false, Lane::kPages,
     kJson},
    // One's own; those of others by whoever leads the study.
    {"POST", "/api/v1/studies/{study}/sources/{source}/masks/lift", lift_masks, kRight, kCode, true, false,
     Lane::kPages, kJson},
    {"POST", "/api/v1/studies/{study}/sources/{source}/masks/beneath", tell_beneath, kRight, kChangeStudy, true, true,
     Lane::kPages, kJson},
    {"POST", "/api/v1/studies/{study}/sources/{source}/links", put_link, kRight, kCode, true, false, Lane::kPages,
     kJson},
    {"DELETE", "/api/v1/studies/{study}/sources/{source}/links/{link}", take_link_off, kRight, kCode, true},
    {"GET", "/api/v1/studies/{study}/sources/{source}/memos", api_memos, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/memos", put_memo, kRight, kCode, true, false, Lane::kPages,
     kJson},
    // Asked again and again by whoever has the source open, which was logged; it holds positions and no words.
    {"GET", "/api/v1/studies/{study}/sources/{source}/changes", api_changes, kRight, kReadSource, false, false,
     Lane::kNews},
    {"POST", "/api/v1/studies/{study}/sources/{source}/blind", set_blind, kRight, kChangeStudy, true, false,
     Lane::kPages, kJson},
    {"GET", "/api/v1/studies/{study}/sources/{source}/comparison", api_comparison, kRight, kReadSource, true},
    {"POST", "/api/v1/studies/{study}/sources/{source}/settlements", settle_difference, kRight, kChangeStudy, true,
     false, Lane::kPages, kJson},
    {"GET", "/api/v1/person", api_person, kSignedIn, kSeeStudy, false},
    {"GET", "/api/v1/studies/{study}/findings/{ask}", api_finding, kRight, kSeeFindings, false},
    {"GET", "/api/v1/studies/{study}/findings/{ask}/passages", api_passages, kRight, kSeePassages, true},
    {"GET", "/api/v1/studies/{study}/findings/{ask}/counter-examples", api_counter_examples, kRight, kSeePassages,
     true},
    {"GET", "/api/v1/studies/{study}/findings/{ask}/shown", api_shown_finding, kRight, kSeeFindings, false},
    {"GET", "/api/v1/studies/{study}/findings/{ask}/groups", api_compared_groups, kRight, kSeeFindings, false},
    // Their names and what is said about them may quote what was told.
    {"GET", "/api/v1/studies/{study}/kept-findings", api_kept_findings, kRight, kSeePassages, true},
    {"POST", "/api/v1/studies/{study}/kept-findings", keep_finding, kRight, kKeepFindings, true, false, Lane::kPages,
     kJson},
    {"GET", "/api/v1/studies/{study}/kept-findings/{finding}", api_kept_finding, kRight, kSeePassages, true},
    {"POST", "/api/v1/studies/{study}/kept-findings/{finding}", change_kept_finding, kRight, kKeepFindings, true, false,
     Lane::kPages, kJson},
    {"DELETE", "/api/v1/studies/{study}/kept-findings/{finding}", drop_kept_finding, kRight, kKeepFindings, true},
    // Submissions for other programs: by whoever may have them of every study, or of the study that is named.
    {"GET", "/api/v1/forms/{form}/submissions.csv.zip", send_submissions_csv, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}/submissions.xlsx", send_submissions_xlsx, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}/submissions.geojson", send_submissions_geojson, kRight, kExportSubmissions, true,
     false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc", send_odata_service, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc/", send_odata_service, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/forms/{form}.svc/{rest*}", send_odata, kRight, kExportSubmissions, true, false, Lane::kDownloads},
    {"POST", "/api/v1/forms/{form}.svc/{rest*}", send_odata_query, kRight, kExportSubmissions, true, true,
     Lane::kDownloads, kQuery},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.csv.zip", send_submissions_csv, kRight,
     kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.xlsx", send_submissions_xlsx, kRight, kExportSubmissions,
     true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}/submissions.geojson", send_submissions_geojson, kRight,
     kExportSubmissions, true, false, Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc", send_odata_service, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc/", send_odata_service, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"GET", "/api/v1/studies/{study}/forms/{form}.svc/{rest*}", send_odata, kRight, kExportSubmissions, true, false,
     Lane::kDownloads},
    {"POST", "/api/v1/studies/{study}/forms/{form}.svc/{rest*}", send_odata_query, kRight, kExportSubmissions, true,
     true, Lane::kDownloads, kQuery},
};

static_assert(std::all_of(std::begin(kRoutes), std::end(kRoutes),
                          [](const Route& route) { return route.access != kUndecided; }),
              "every route says who may use it");

// A part of an address: "{study}" takes one part whole, "{form}.svc" what stands before the ending, "{rest*}" all that
// is left.
bool fits(std::string_view address, std::string_view path, std::map<std::string, std::string>& named) {
  // Each request is held against the whole table: most of it goes by how it begins.
  const std::size_t fixed = address.find('{');
  if (fixed == std::string_view::npos ? path != address : !path.starts_with(address.substr(0, fixed))) return false;
  const auto wanted = split(address, '/'), given = split(path, '/');
  const bool open_end = address.ends_with("*}");
  if (open_end ? given.size() < wanted.size() : given.size() != wanted.size()) return false;
  named.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].empty() || wanted[i].front() != '{') {
      if (wanted[i] != given[i]) return false;
      continue;
    }
    const std::size_t close = wanted[i].find('}');
    std::string_view name = wanted[i].substr(1, close - 1), value = given[i];
    const std::string_view ending = wanted[i].substr(close + 1);
    if (open_end && i + 1 == wanted.size()) {
      name.remove_suffix(1);
      value = path.substr(static_cast<std::size_t>(given[i].data() - path.data()));
    }
    if (value.size() <= ending.size() || !value.ends_with(ending)) return false;
    value.remove_suffix(ending.size());
    named[std::string(name)] = std::string(value);
  }
  return true;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

namespace {

const Route* route_for(std::string_view method, const Request& request, std::map<std::string, std::string>& named) {
  for (const Route& route : kRoutes)
    if (route.method == method && fits(route.address, request.path, named)) return &route;
  named.clear();
  return nullptr;
}

}  // namespace

const Route* route_of(const Request& request, std::map<std::string, std::string>& named) {
  const Route* route = route_for(request.method, request, named);
  return route || request.method != "HEAD" ? route : route_for("GET", request, named);
}

std::string methods_of(const Request& request) {
  std::map<std::string, std::string> named;
  std::string methods;
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
    if (route_for(method, request, named)) {
      methods += (methods.empty() ? "" : ", ") + std::string(method);
      if (methods == "GET") methods += ", HEAD";
    }
  return methods;
}

Lane lane_of(const Request& request) {
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  return route ? route->lane : Lane::kPages;
}

Body body_of(const Request& request) {
  std::map<std::string, std::string> named;
  const Route* route = route_of(request, named);
  return route ? route->body : Body{};
}

}  // namespace understory::server

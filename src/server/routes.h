// Every address of the server, in one table. An address that is not in it does not exist.
#pragma once
#include "server/visit.h"

namespace understory::server {

using Answering = Result<Response> (*)(const Visit& visit);

// What somebody must be to get an answer. kUndecided does not compile: every route says.
// kFromHere: a program on this machine, or somebody with the right. kDevice: a phone that sends under a token of its
// own; what it may see and send is decided form by form. kThing: with the right for the form, submission or list of
// entities the address names, or, where it names none, for any at all.
enum class Access { kUndecided, kAnybody, kSignedIn, kRight, kThing, kFromHere, kDevice };

struct Route {
  std::string_view method;   // GET (answers HEAD too, unless a line of its own does), POST, PUT, PATCH, DELETE
  std::string_view address;  // "/studies/{study}/sources/{source}"
  Answering answer;
  Access access;
  people::Right right;  // with kRight: in the study the address names, or as such
  bool logged;  // opens what was told, or changes something: a line in the log (changes: in the same transaction)
  bool only_reads = false;  // a form that asks for something and changes nothing
  Lane lane = Lane::kPages;
  Body body = {};                      // what may be sent; the default is a form's plain fields
  bool answers_broken_bodies = false;  // looks at Request::body_problem by itself; else it is not asked at all
  bool asked_by_itself = false;        // by a page again and again: that keeps nobody signed in
};

// routes/<thing>.cpp
Result<Response> show_studies(const Visit& visit);
Result<Response> show_overview(const Visit& visit);
Result<Response> show_codebook(const Visit& visit);
Result<Response> show_machine(const Visit& visit);
Result<Response> teach_machine(const Visit& visit);
Result<Response> remove_machine(const Visit& visit);
Result<Response> show_sources(const Visit& visit);
Result<Response> show_source(const Visit& visit);
Result<Response> show_finding(const Visit& visit);
Result<Response> show_passages(const Visit& visit);
Result<Response> send_report_html(const Visit& visit);
Result<Response> send_report_pdf(const Visit& visit);
Result<Response> send_report_docx(const Visit& visit);
Result<Response> send_report_csv(const Visit& visit);
Result<Response> send_report_xlsx(const Visit& visit);
Result<Response> send_style(const Visit& visit);
Result<Response> tell_health(const Visit& visit);
Result<Response> tell_figures(const Visit& visit);
Result<Response> show_sign_in(const Visit& visit);
Result<Response> do_sign_in(const Visit& visit);
Result<Response> do_sign_out(const Visit& visit);
Result<Response> show_invitation(const Visit& visit);
Result<Response> accept_invitation(const Visit& visit);
Result<Response> show_account(const Visit& visit);
Result<Response> sign_out_everywhere(const Visit& visit);
Result<Response> change_entry(const Visit& visit);
Result<Response> show_audit(const Visit& visit);
Result<Response> show_accounts(const Visit& visit);
Result<Response> make_account(const Visit& visit);
Result<Response> show_account_of(const Visit& visit);
Result<Response> change_account(const Visit& visit);
Result<Response> show_what_account_sees(const Visit& visit);
Result<Response> show_looks_at_source(const Visit& visit);
Result<Response> show_looks_at_submission(const Visit& visit);
Result<Response> show_languages(const Visit& visit);
Result<Response> send_sentences(const Visit& visit);
Result<Response> show_places(const Visit& visit);
Result<Response> bring_places(const Visit& visit);
Result<Response> show_backups(const Visit& visit);
Result<Response> ask_for_backup(const Visit& visit);
Result<Response> show_jobs(const Visit& visit);
Result<Response> stop_job(const Visit& visit);
Result<Response> show_set_up(const Visit& visit);
Result<Response> do_set_up(const Visit& visit);
Result<Response> show_glasses(const Visit& visit);
Result<Response> ask_glass(const Visit& visit);
Result<Response> change_glass(const Visit& visit);
Result<Response> look_through_glass(const Visit& visit);
Result<Response> mark_notices_read(const Visit& visit);
Result<Response> ask_to_erase(const Visit& visit);
Result<Response> erase_source(const Visit& visit);
Result<Response> api_studies(const Visit& visit);
Result<Response> api_study(const Visit& visit);
Result<Response> api_codebook(const Visit& visit);
Result<Response> api_sources(const Visit& visit);
Result<Response> api_source(const Visit& visit);
Result<Response> api_suggestions(const Visit& visit);
Result<Response> answer_suggestion(const Visit& visit);
Result<Response> api_memos(const Visit& visit);
Result<Response> api_changes(const Visit& visit);
Result<Response> api_person(const Visit& visit);
Result<Response> put_coding(const Visit& visit);
Result<Response> take_coding_off(const Visit& visit);
Result<Response> put_memo(const Visit& visit);
Result<Response> put_mask(const Visit& visit);
Result<Response> lift_masks(const Visit& visit);
Result<Response> tell_beneath(const Visit& visit);
Result<Response> put_link(const Visit& visit);
Result<Response> take_link_off(const Visit& visit);
Result<Response> set_blind(const Visit& visit);
Result<Response> api_comparison(const Visit& visit);
Result<Response> settle_difference(const Visit& visit);
Result<Response> make_code(const Visit& visit);
Result<Response> change_code(const Visit& visit);
Result<Response> look_at_merge(const Visit& visit);
Result<Response> merge_code(const Visit& visit);
Result<Response> api_passages_of_code(const Visit& visit);
Result<Response> split_code(const Visit& visit);
Result<Response> show_desk(const Visit& visit);
Result<Response> api_finding(const Visit& visit);
Result<Response> api_passages(const Visit& visit);
Result<Response> api_shown_finding(const Visit& visit);
Result<Response> api_compared_groups(const Visit& visit);
Result<Response> api_counter_examples(const Visit& visit);
Result<Response> api_kept_findings(const Visit& visit);
Result<Response> api_kept_finding(const Visit& visit);
Result<Response> keep_finding(const Visit& visit);
Result<Response> change_kept_finding(const Visit& visit);
Result<Response> drop_kept_finding(const Visit& visit);

Result<Response> show_forms(const Visit& visit);
Result<Response> take_form(const Visit& visit);
Result<Response> show_form(const Visit& visit);
Result<Response> change_form(const Visit& visit);
Result<Response> show_mapping(const Visit& visit);
Result<Response> keep_mapping(const Visit& visit);
Result<Response> take_into_study(const Visit& visit);
Result<Response> show_entity_lists(const Visit& visit);
Result<Response> show_entity_list(const Visit& visit);
Result<Response> change_entity_list(const Visit& visit);
Result<Response> change_entity(const Visit& visit);
Result<Response> show_devices(const Visit& visit);
Result<Response> enroll_device(const Visit& visit);
Result<Response> revoke_device(const Visit& visit);
Result<Response> show_filling(const Visit& visit);
Result<Response> take_filling(const Visit& visit);
Result<Response> show_submissions(const Visit& visit);
Result<Response> review_submissions(const Visit& visit);
Result<Response> show_submission(const Visit& visit);
Result<Response> review_submission(const Visit& visit);
Result<Response> ask_to_erase_submission(const Visit& visit);
Result<Response> erase_submission(const Visit& visit);
Result<Response> send_attachment(const Visit& visit);
Result<Response> show_engine(const Visit& visit);
Result<Response> take_from_engine(const Visit& visit);
Result<Response> send_definition(const Visit& visit);
Result<Response> send_version_file(const Visit& visit);
Result<Response> send_asset(const Visit& visit);

Result<Response> send_form_list(const Visit& visit);
Result<Response> send_form(const Visit& visit);
Result<Response> send_manifest(const Visit& visit);
Result<Response> send_form_file(const Visit& visit);
Result<Response> tell_integrity(const Visit& visit);
Result<Response> welcome_submission(const Visit& visit);
Result<Response> take_submission(const Visit& visit);

Result<Response> send_submissions_csv(const Visit& visit);
Result<Response> send_submissions_xlsx(const Visit& visit);
Result<Response> send_submissions_geojson(const Visit& visit);
Result<Response> send_odata_service(const Visit& visit);
Result<Response> send_odata(const Visit& visit);
Result<Response> send_odata_query(const Visit& visit);

std::span<const Route> routes();

// The route of a request, and what its address names; null: there is none.
const Route* route_of(const Request& request, std::map<std::string, std::string>& named);
// What an address of the table answers to, "GET, HEAD, POST"; empty: it is not in it.
std::string methods_of(const Request& request);
Lane lane_of(const Request& request);
Body body_of(const Request& request);

// Whether a person gets an answer of a route in a study (none: of an address that names none), the thing it names left
// aside. What answer() asks, and the page that tells a steward what somebody would see.
people::Decision admits(const people::Person& person, const Route& route, Id study);

// Whether somebody may send what they are about to: an answer, if not. Asked before a large body is read, so that a
// stranger's costs next to nothing. answer() decides once more, but for what is judged by when it came: `signed_well`.
std::optional<Response> refuse_unread(storage::Workspace& workspace, Request& request);

// Who asks, whether they may, the answer, and the log before the answer goes out. Never throws: what goes wrong
// unforeseen is logged under a number and shown as that number.
Response answer(storage::Workspace& workspace, const Request& request);

// The answer when the database failed: what a person can act on, never what the engine said (it names addresses and
// files); that is for the log, under the number the answer gives.
Response outage(const Request& request, const storage::DatabaseError& error);

}  // namespace understory::server

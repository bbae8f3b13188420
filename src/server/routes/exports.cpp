// A form's submissions for other programs: OData, CSV, XLSX and GeoJSON, as long as they are.
#include <algorithm>

#include "collect/export/from_workspace.h"
#include "foundation/text.h"
#include "people/sign_in.h"
#include "server/pushed.h"
#include "server/routes.h"
#include "vault/base64.h"
#include "vault/vault.h"

namespace understory::server {

namespace {

// The form the address names, by its own id or ours, where this person may have its submissions. Not in that study,
// not theirs and not there are one answer.
Result<collect::KeptForm> form_asked(const Visit& visit) {
  const std::string& name = visit.named.at("form");
  auto form = collect::find_form(visit.transaction, std::string_view(name));
  if (!form)
    if (const auto id = Id::parse(name)) form = collect::find_form(visit.transaction, *id);
  const auto not_there = fail(problems::kNotFound, {{"what", "form"}, {"name", std::string(shortened(name, 80))}});
  if (!form) return not_there;
  if (visit.named.contains("study") && form->study != TRY(visit.id("study"))) return not_there;
  if (!visit.may(visit.right, form->study)) return not_there;
  return form;
}

// Once more in another thread, for as long as the answer takes.
struct Asked {
  storage::Workspace& workspace;
  std::shared_ptr<const vault::Vault> key;  // of the session; null: the workspace's own
  collect::KeptForm form;
  collect::Wanted wanted;
  bool deleted_fields = true;

  Result<collect::FormExport> open(storage::Transaction& transaction) const {
    if (key) transaction.unlock(key);
    return collect::FormExport::of(transaction, form, wanted, deleted_fields);
  }
};

Result<Asked> asked(const Visit& visit) {
  Asked made {
    visit.workspace, nullptr, TRY(form_asked(visit))
    , {}
  };
  made.wanted = collect::within_reach(visit.person, made.form, visit.right);
  made.deleted_fields = visit.request.parameter("deletedFields") != "false";
  if (!visit.session.empty())
    if (const auto session = people::session_of(visit.workspace, visit.transaction, visit.session))
      made.key = session->key;
  return made;
}

Result<Response> sent(const Visit& visit, std::string content_type, const std::string& file, Writer writer) {
  Response response;
  response.content_type = std::move(content_type);
  if (!file.empty())
    response.headers.emplace_back("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(file));
  PushedPlaces places;
  places.spool = visit.workspace.folder();
  response.pieces = TRY(pushed(std::move(writer), visit.person.account, places));
  return response;
}

Result<Response> send_as(const Visit& visit, collect::ExportFormat format, std::string content_type,
                         const std::string& ending, collect::ExportOptions options) {
  Asked what = TRY(asked(visit));
  const std::string file = collect::file_name(what.form.form_id + ending);
  return sent(visit, std::move(content_type), file,
              [what = std::move(what), format, options = std::move(options)](const std::function<bool()>& going_on,
                                                                             const Sink& sink) -> Result<void> {
                storage::Transaction transaction = what.workspace.read();
                const collect::FormExport form = TRY(what.open(transaction));
                return collect::write_export(form, format, options, going_on, sink);
              });
}

bool wants(const Visit& visit, std::string_view option) { return visit.request.parameter(option) == "true"; }

// Where the service stands, as it must be written in what it answers.
std::string service_address(const Visit& visit) {
  const std::string& path = visit.request.target;
  const std::size_t end = path.find(".svc");
  return (visit.request.secure ? "https://" : "http://") + visit.request.header("host") + path.substr(0, end + 4);
}

Response odata_document(std::string body, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.headers.emplace_back("OData-Version", "4.0");
  response.body = std::move(body);
  return response;
}

}  // namespace

Result<Response> send_submissions_csv(const Visit& visit) {
  collect::ExportOptions options;
  options.attachments = wants(visit, "attachments");
  options.csv.group_paths = visit.request.parameter("groupPaths") != "false";
  options.csv.split_select_multiples = wants(visit, "splitSelectMultiples");
  options.csv.byte_order_mark = wants(visit, "bom");
  return send_as(visit, collect::ExportFormat::kCsv, "application/zip", ".csv.zip", std::move(options));
}

Result<Response> send_submissions_xlsx(const Visit& visit) {
  return send_as(visit, collect::ExportFormat::kXlsx,
                 "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", {});
}

Result<Response> send_submissions_geojson(const Visit& visit) {
  collect::ExportOptions options;
  options.place_field = visit.request.parameter("field");
  return send_as(visit, collect::ExportFormat::kGeoJson, "application/geo+json", ".geojson", std::move(options));
}

Result<Response> send_odata_service(const Visit& visit) {
  const Asked what = TRY(asked(visit));
  const collect::FormExport form = TRY(what.open(visit.transaction));
  return odata_document(collect::odata_service_document(collect::odata_names(form.outline()), service_address(visit)),
                        "application/json; charset=utf-8; odata.metadata=minimal");
}

namespace {

constexpr std::string_view kQueryEnding = "/$query";
constexpr std::size_t kMostQuery = 128 * 1024;  // bytes

// A $skiptoken: what was asked, sealed, as an address may hold it. It opens for the form it was made of alone.
std::string sealed_token(const vault::Vault& key, Id form, const std::string& text) {
  std::string token = vault::to_base64(key.seal({"odata", "skiptoken", form}, text));
  token.erase(token.find_last_not_of('=') + 1);
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  return token;
}

std::optional<std::string> opened_token(const vault::Vault& key, Id form, std::string token) {
  std::replace(token.begin(), token.end(), '-', '+');
  std::replace(token.begin(), token.end(), '_', '/');
  token.append((4 - token.size() % 4) % 4, '=');
  const auto bytes = vault::from_base64(token);
  if (!bytes) return std::nullopt;
  auto text = key.open({"odata", "skiptoken", form}, *bytes);
  if (!text) return std::nullopt;
  return std::move(*text);
}

Result<Response> send_rows(const Visit& visit, const std::string& rest, const collect::ODataQuery& query) {
  Asked what = TRY(asked(visit));
  const bool number = rest.ends_with("/$count");
  Response response = TRY(
      sent(visit, number ? "text/plain; charset=utf-8" : "application/json; charset=utf-8; odata.metadata=minimal", "",
           [what = std::move(what), query, rest, service = service_address(visit)](
               const std::function<bool()>& going_on, const Sink& sink) -> Result<void> {
             storage::Transaction transaction = what.workspace.read();
             const collect::FormExport form = TRY(what.open(transaction));
             const collect::ODataNames names = collect::odata_names(form.outline());
             const collect::ODataPath path = TRY(collect::read_odata_path(form.outline(), names, rest));
             collect::ODataSource source = form.odata_source(service, going_on);
             if (const auto key = what.key ? what.key : what.workspace.key()) {
               source.seal_token = [key, id = what.form.id](const std::string& text) {
                 return sealed_token(*key, id, text);
               };
               source.open_token = [key, id = what.form.id](const std::string& token) {
                 return opened_token(*key, id, token);
               };
             }
             return collect::write_odata(form.outline(), names, source, path, query, sink);
           }));
  response.headers.emplace_back("OData-Version", "4.0");
  return response;
}

}  // namespace

Result<Response> send_odata(const Visit& visit) {
  const std::string& rest = visit.named.at("rest");
  if (rest == "$metadata") {
    const Asked what = TRY(asked(visit));
    const collect::FormExport form = TRY(what.open(visit.transaction));
    return odata_document(collect::odata_metadata(form.outline(), collect::odata_names(form.outline())),
                          "application/xml; charset=utf-8");
  }
  return send_rows(visit, rest, TRY(collect::read_odata_query(visit.request.query)));
}

// OData 4.01, part 2, section 5 "Passing Query Options in the Request Body": as they would stand in the address.
Result<Response> send_odata_query(const Visit& visit) {
  std::string rest = visit.named.at("rest");
  if (!rest.ends_with(kQueryEnding))
    return fail(problems::kNotFound, {{"what", "table"}, {"name", std::string(shortened(rest, 80))}});
  rest.erase(rest.size() - kQueryEnding.size());
  const std::string type = lower_ascii(visit.request.header("content-type"));
  if (trim(std::string_view(type).substr(0, type.find(';'))) != "text/plain")
    return fail(problems::kInvalidValue, {{"where", "Content-Type"},
                                          {"value", std::string(shortened(type, 40))},
                                          {"what", "kind of query"},
                                          {"hint", "Send the options as text/plain."}});
  const std::string options = TRY(visit.request.content.text(kMostQuery));
  Request read;
  TRY(read_target("/?" + std::string(trim(options)), read));
  auto all = visit.request.query;
  all.insert(all.end(), read.query.begin(), read.query.end());
  return send_rows(visit, rest, TRY(collect::read_odata_query(all)));
}

}  // namespace understory::server

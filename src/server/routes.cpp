#include "server/routes.h"

#include "foundation/log.h"
#include "foundation/text.h"

namespace understory::server {

namespace {

constexpr Route kRoutes[] = {
    {"/", show_studies},
    {"/studies/{study}", show_overview},
    {"/studies/{study}/codebook", show_codebook},
    {"/studies/{study}/sources", show_sources},
    {"/studies/{study}/sources/{source}", show_source},
    {"/studies/{study}/findings/{ask}", show_finding},
    {"/studies/{study}/findings/{ask}/passages", show_passages},
    {"/studies/{study}/report.html", send_report_html},
    {"/studies/{study}/report.pdf", send_report_pdf},
    {"/page.css", send_style},
    {"/healthz", tell_health},
    {"/api/v1/studies", api_studies},
    {"/api/v1/studies/{study}", api_study},
    {"/api/v1/studies/{study}/codebook", api_codebook},
    {"/api/v1/studies/{study}/sources", api_sources},
    {"/api/v1/studies/{study}/sources/{source}", api_source},
    {"/api/v1/studies/{study}/findings/{ask}", api_finding},
    {"/api/v1/studies/{study}/findings/{ask}/passages", api_passages},
};

bool fits(std::string_view address, std::string_view path, std::map<std::string, std::string>& named) {
  const auto wanted = split(address, '/'), given = split(path, '/');
  if (wanted.size() != given.size()) return false;
  named.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].empty() && wanted[i].front() == '{') {
      if (given[i].empty()) return false;
      named[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = std::string(given[i]);
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return true;
}

bool known(std::string_view language) {
  const auto& languages = Catalogue::languages();
  return std::find(languages.begin(), languages.end(), language) != languages.end();
}

// ?lang= beats the cookie, the cookie what the browser asks for, and that beats English.
std::string language_of(const Request& request) {
  if (const std::string asked = request.parameter("lang"); known(asked)) return asked;
  if (const std::string kept = request.cookie("language"); known(kept)) return kept;
  const std::string accepted = request.header("accept-language");
  for (std::string_view each : split(accepted, ',')) {
    const std::string code = lower_ascii(trim(each).substr(0, 2));
    if (known(code)) return code;
  }
  return "en";
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

Response answer(storage::Workspace& workspace, const Request& request) {
  const bool api = request.path.rfind("/api/", 0) == 0;
  try {
    storage::Transaction transaction = workspace.read();
    Visit visit{transaction, request, Catalogue::of(language_of(request)), {}};
    Result<Response> response =
        fail(problems::kNotFound, {{"what", "page"}, {"name", std::string(shortened(request.path, 80))}});
    for (const Route& route : kRoutes)
      if (fits(route.address, request.path, visit.named)) {
        response = route.answer(visit);
        break;
      }
    if (!response) response = api ? json_problem(visit, response.error()) : show_problem(visit, response.error());
    if (known(request.parameter("lang")))
      response->headers.emplace_back("Set-Cookie", "language=" + request.parameter("lang") +
                                                       "; Path=/; SameSite=Strict; HttpOnly; Max-Age=31536000");
    return std::move(*response);
  } catch (const std::exception& error) {
    // The number is what a person can quote; the text may name a file, never a story.
    const std::string number = Id::make().text();
    log::write(log::Level::kError, "request " + number + " failed: " + error.what());
    Response response;
    response.status = 500;
    response.content_type = "text/plain; charset=utf-8";
    response.body =
        "Something went wrong here, and it was written to the log as " + number + ". Nothing was changed.\n";
    return response;
  }
}

}  // namespace understory::server

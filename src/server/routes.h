// Every address of the server, in one table. An address that is not in it does not exist.
#pragma once
#include "server/visit.h"

namespace understory::server {

using Answering = Result<Response> (*)(const Visit& visit);

struct Route {
  std::string_view address;  // "/studies/{study}/sources/{source}"
  Answering answer;
};

// routes/<thing>.cpp
Result<Response> show_studies(const Visit& visit);
Result<Response> show_overview(const Visit& visit);
Result<Response> show_codebook(const Visit& visit);
Result<Response> show_sources(const Visit& visit);
Result<Response> show_source(const Visit& visit);
Result<Response> show_finding(const Visit& visit);
Result<Response> show_passages(const Visit& visit);
Result<Response> send_report_html(const Visit& visit);
Result<Response> send_report_pdf(const Visit& visit);
Result<Response> send_style(const Visit& visit);
Result<Response> tell_health(const Visit& visit);
Result<Response> api_studies(const Visit& visit);
Result<Response> api_study(const Visit& visit);
Result<Response> api_codebook(const Visit& visit);
Result<Response> api_sources(const Visit& visit);
Result<Response> api_source(const Visit& visit);
Result<Response> api_finding(const Visit& visit);
Result<Response> api_passages(const Visit& visit);

std::span<const Route> routes();

// Never throws: what goes wrong unforeseen is logged under a number and shown as that number.
Response answer(storage::Workspace& workspace, const Request& request);

}  // namespace understory::server

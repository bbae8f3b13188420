// Addresses that the desk alone asks; the table of all is in routes.cpp.
#pragma once
#include "server/visit.h"

namespace understory::server {

// routes/imports.cpp
Result<Response> import_files(const Visit& visit);
Result<Response> api_imports(const Visit& visit);
// routes/jobs.cpp
Result<Response> api_jobs(const Visit& visit);
// routes/views.cpp
Result<Response> api_views(const Visit& visit);
Result<Response> save_view(const Visit& visit);
Result<Response> forget_view(const Visit& visit);
// routes/machine.cpp
Result<Response> api_remove_machine(const Visit& visit);

}  // namespace understory::server

// Figures of this server for whoever keeps the machine: how much is asked, how long it takes, what waits. Counted by
// route and kind of answer alone; never an account, a record, an address or a question. The only file beside its .cpp
// that sees prometheus-cpp; the one thing all threads of the server share.
#pragma once
#include <string>
#include <string_view>

#include "storage/workspace.h"

namespace understory::server::metrics {

// One answer: the route's address in the table (empty: the transport's own refusal, or no such page).
void answered(std::string_view method, std::string_view route, int status, double seconds);
void connected(int more);           // +1 or -1
void waiting(int more);             // requests begun and not yet answered
void refused(int status);           // answered by the transport itself; 408: closed because it was too slow
void cut_short(const char* why);    // long answers that ended before their end: "failed", "not_taken"
void turned_away(const char* why);  // connections closed unheard: "full", "client_full", "no_tls"

// Everything in Prometheus' text format, with the jobs and size of the workspace's database as they are now.
std::string text(storage::Transaction& transaction);

}  // namespace understory::server::metrics

#include "server/lanes.h"

#include "foundation/log.h"
#include "server/refusal.h"

namespace understory::server {

namespace {

constexpr int kSpooling = 2;
constexpr int kAdmitting = 8;  // they mostly wait together for one commit

// Stands for pieces nobody asks for.
struct Nothing : Pieces {
  Result<std::string> next() override { return std::string(); }
};

}  // namespace

Lanes::Lanes(int workers, const Limits& limits)
    : lanes_{{{workers, limits.waiting},
              {1, limits.waiting_for_passwords},
              {1, limits.waiting_for_reports},
              {2, limits.waiting_for_downloads},
              {16, limits.waiting_for_intake},
              {limits.waiting_for_news, limits.waiting_for_news}}},
      spooling_(kSpooling, limits.connections),
      admitting_(kAdmitting, limits.connections) {}

void Lanes::stop() {
  for (Workers& each : lanes_) each.pool.stop();
  spooling_.pool.stop();
  admitting_.pool.stop();
  for (Workers& each : lanes_) each.pool.join();
  spooling_.pool.join();
  admitting_.pool.join();
}

Taken taken(Lane lane) {
  static constexpr Taken kTaken[] = {{2, &problems::kServerBusy},    {5, &problems::kSignInsTaken},
                                     {30, &problems::kReportsTaken}, {10, &problems::kDownloadsTaken},
                                     {5, &problems::kIntakeTaken},   {5, &problems::kServerBusy}};
  return kTaken[static_cast<std::size_t>(lane)];
}

Result<std::string> next_of(Pieces& pieces) try { return pieces.next(); } catch (const std::exception& error) {
  log::error("a long answer failed: {}", error.what());
  return fail(problems::kStopped);
}

Response begun_by(Response response, const Request& request) {
  if (!response.pieces) return response;
  if (request.method == "HEAD") {
    response.pieces = std::make_shared<Nothing>();  // its length is said, or not known
    return response;
  }
  auto first = next_of(*response.pieces);
  if (first) {
    response.body = std::move(*first);
    return response;
  }
  log::error("a long answer failed: {}", first.error().code());
  Response failed = refusal(request, first.error());
  failed.route = response.route;
  return failed;
}

}  // namespace understory::server

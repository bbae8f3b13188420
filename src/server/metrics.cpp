#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "storage/figures.h"

namespace understory::server::metrics {

namespace {

using namespace prometheus;

struct Figures {
  Registry registry;
  Family<Counter>& requests = BuildCounter()
                                  .Name("understory_requests_total")
                                  .Help("Requests answered, by route and class of status")
                                  .Register(registry);
  Family<Histogram>& seconds = BuildHistogram()
                                   .Name("understory_request_seconds")
                                   .Help("From the whole request to the whole answer, without the network")
                                   .Register(registry);
  Family<Counter>& sign_ins =
      BuildCounter().Name("understory_sign_ins_total").Help("Sign-ins, by outcome").Register(registry);
  Family<Counter>& away = BuildCounter()
                              .Name("understory_connections_turned_away_total")
                              .Help("Connections closed unheard, by reason")
                              .Register(registry);
  Family<Counter>& refusals = BuildCounter()
                                  .Name("understory_refusals_total")
                                  .Help("Requests refused before any route saw them, by status")
                                  .Register(registry);
  Family<Counter>& cut = BuildCounter()
                             .Name("understory_answers_cut_short_total")
                             .Help("Long answers that ended before their end, by reason")
                             .Register(registry);
  Gauge& connections = BuildGauge().Name("understory_connections").Help("Open connections").Register(registry).Add({});
  Gauge& waiting = BuildGauge()
                       .Name("understory_requests_waiting")
                       .Help("Requests begun, not yet answered")
                       .Register(registry)
                       .Add({});
  Family<Gauge>& jobs = BuildGauge().Name("understory_jobs").Help("Jobs in the database, by state").Register(registry);
  Gauge& size = BuildGauge().Name("understory_database_bytes").Help("Size of the database").Register(registry).Add({});
};

Figures& figures() {
  static Figures all;
  return all;
}

const char* outcome_of(int status) {
  switch (status) {
    case 303: return "done";
    case 401: return "refused";
    case 429: return "too_many";
    default: return "failed";
  }
}

}  // namespace

void answered(std::string_view method, std::string_view route, int status, double seconds) {
  static const Histogram::BucketBoundaries kBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  Figures& all = figures();
  const std::string where = route.empty() ? "none" : std::string(route);
  // A method is named only with a route of ours: strangers cannot make up new series.
  const std::string how = route.empty() ? "" : std::string(method);
  all.requests.Add({{"method", how}, {"route", where}, {"status", std::to_string(status / 100) + "xx"}}).Increment();
  if (!route.empty()) all.seconds.Add({{"method", how}, {"route", where}}, kBounds).Observe(seconds);
  if (method == "POST" && route == "/sign-in") all.sign_ins.Add({{"outcome", outcome_of(status)}}).Increment();
}

void connected(int more) { figures().connections.Increment(more); }
void waiting(int more) { figures().waiting.Increment(more); }
void refused(int status) { figures().refusals.Add({{"status", std::to_string(status)}}).Increment(); }
void cut_short(const char* why) { figures().cut.Add({{"reason", why}}).Increment(); }
void turned_away(const char* why) { figures().away.Add({{"reason", why}}).Increment(); }

std::string text(storage::Transaction& transaction) {
  Figures& all = figures();
  for (const auto& [state, count] : storage::jobs_by_state(transaction))
    all.jobs.Add({{"state", state}}).Set(static_cast<double>(count));
  all.size.Set(static_cast<double>(storage::database_size(transaction)));
  return TextSerializer().Serialize(all.registry.Collect());
}

}  // namespace understory::server::metrics

// Where requests of one kind wait for their workers, so that what takes long starves nothing else.
#pragma once
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/http.h"
#include "server/transport.h"

namespace understory::server {

// What answers requests of one kind: its workers, and how many wait for them or are still being sent what they made.
struct Workers {
  Workers(int count, int most_waiting) : pool(static_cast<std::size_t>(count)), most(most_waiting) {}
  boost::asio::thread_pool pool;
  int waiting = 0;  // touched by the I/O thread alone
  const int most;
};

class Lanes {
 public:
  Lanes(int workers, const Limits& limits);
  Workers& of(Lane lane) { return lanes_[static_cast<std::size_t>(lane)]; }
  Workers& spooling() { return spooling_; }    // write what is large to the disk
  Workers& admitting() { return admitting_; }  // ask whether somebody may send what comes: no lane's work is waited for
  void stop();                                 // waits for what they are at; the rest is forgotten

 private:
  std::array<Workers, 6> lanes_;
  Workers spooling_, admitting_;
};

// What is said where a lane is taken, and after how many seconds to come back.
struct Taken {
  int seconds;
  const ProblemKind* problem;
};
Taken taken(Lane lane);

// Does some work on these workers and comes back to the I/O thread with what came of it.
template <class Work, class Made = std::invoke_result_t<Work&>>
boost::asio::awaitable<Made> on(boost::asio::io_context& io, Workers& workers, Work work) {
  namespace asio = boost::asio;
  auto start = [&io, &workers](auto completion, Work moved) {
    auto guard = asio::make_work_guard(io);
    asio::post(workers.pool,
               [&io, guard = std::move(guard), completion = std::move(completion), moved = std::move(moved)]() mutable {
                 Made made = moved();
                 asio::post(io, [completion = std::move(completion), made = std::move(made)]() mutable {
                   std::move(completion)(std::move(made));
                 });
               });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Made)>(
      std::move(start), asio::use_awaitable, std::move(work));
}

// The next piece of a long answer. kStopped: it failed by an exception, which stands in the log.
Result<std::string> next_of(Pieces& pieces);
// Of a long answer the first piece, put into its body: while nothing has gone out, a failure is an answer like any
// other. Asked for its head alone, none is made.
Response begun_by(Response response, const Request& request);

}  // namespace understory::server

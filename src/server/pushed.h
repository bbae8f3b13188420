// An answer that is written rather than asked for – an export – for a transport that asks for pieces.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "foundation/id.h"
#include "foundation/zip_stream.h"
#include "server/http.h"

namespace understory::server {

// Writes the whole answer, in a thread of its own: what belongs to a thread, like a transaction, begins and ends in it.
// `going_on` says no once the client is gone, or lost its place.
using Writer = std::function<Result<void>(const std::function<bool()>& going_on, const Sink& sink)>;

// How many are written at once, in the whole server and for one account. What a slow reader has not taken yet is put
// aside, sealed, in `spool`: writing goes on, and its end gives the place to the next. Where nothing can be put aside
// (no folder, a full disk, more than `most_aside`) and all places are taken, somebody who has taken nothing for longer
// than `patience`, while there was something to take, loses theirs to the next who asks. (Who takes nothing at all is
// cut off by the transport, whether or not anybody waits: Limits::stall.)
struct PushedPlaces {
  int at_once = 4;  // each may hold one of the ten connections to a database
  int of_one = 2;
  std::chrono::milliseconds patience{30000};
  std::filesystem::path spool = {};
  std::uint64_t most_aside = std::uint64_t{2} << 30;  // bytes of one answer
};

// Holds some 512 KiB in memory at most. Comes back with the first bytes, so that a problem before them is an
// answer like any other. kExportsTaken, kOwnExportsTaken; to an account that is none (whoever holds the folder) the
// second does not happen. Destroying it waits until the writer noticed.
Result<std::shared_ptr<Pieces>> pushed(Writer writer, Id account = {}, const PushedPlaces& places = {});

}  // namespace understory::server

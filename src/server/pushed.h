// An answer that is written rather than asked for – an export – for a transport that asks for pieces.
#pragma once
#include <functional>
#include <memory>

#include "foundation/zip_stream.h"
#include "server/http.h"

namespace understory::server {

// Writes the whole answer, in a thread of its own: what belongs to a thread, like a transaction, begins and ends in it.
// `going_on` says no once the client is gone.
using Writer = std::function<Result<void>(const std::function<bool()>& going_on, const Sink& sink)>;

// Runs some 256 KiB ahead at most of who asks. Comes back with the first bytes, so that a problem before them is an
// answer like any other. kBusy: four are being written already. Destroying it waits until the writer noticed.
Result<std::shared_ptr<Pieces>> pushed(Writer writer);

}  // namespace understory::server

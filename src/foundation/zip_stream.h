// A zip archive written piece by piece to wherever it goes: nothing is held but what is being packed.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "foundation/result.h"

namespace understory {

// Takes what is written, in order. A problem ends the writing and comes back to whoever wrote.
using Sink = std::function<Result<void>(std::string_view bytes)>;

// Entries one after the other, sizes unknown beforehand (zip64, sums after each entry); one fixed time, no trace of the
// machine: same entries, same bytes. An entry's name goes out as soon as it begins.
class ZipStream {
 public:
  explicit ZipStream(Sink sink);
  ~ZipStream();  // without finish(): the archive stays cut short, as it is
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  Result<void> begin(const std::string& name);  // UTF-8; ends the entry before
  Result<void> write(std::string_view bytes);
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace understory

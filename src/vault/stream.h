// Long content sealed piece by piece (libsodium's secretstream: XChaCha20-Poly1305): pieces cannot be dropped, swapped,
// repeated or cut off at the end without notice, and nothing need be held in memory at once.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "foundation/result.h"
#include "vault/secret.h"

namespace understory::vault {

class SealingStream {
 public:
  using Out = std::function<Result<void>(std::string_view bytes)>;
  SealingStream(const Secret& key, Out out);
  ~SealingStream();
  Result<void> write(std::string_view plain);
  Result<void> finish();  // once, at the end: marks the last piece

 private:
  Result<void> piece(bool last);
  struct State;
  std::unique_ptr<State> state_;
  Out out_;
  std::string held_;
  bool begun_ = false;
};

// Opens what a SealingStream wrote. `in` gives at most that many next bytes, fewer only at the end. kDamaged, with
// `what` as its name, for anything else than the whole stream under this key.
class OpeningStream {
 public:
  using In = std::function<Result<std::string>(std::size_t bytes)>;
  OpeningStream(const Secret& key, In in, std::string what);
  ~OpeningStream();
  // Exactly that many next bytes; at the end, kDamaged.
  Result<std::string> read(std::size_t bytes);
  // After the last byte was read: that the stream ends here too.
  Result<void> finish();

 private:
  Result<void> piece();
  tl::unexpected<Problem> damaged(std::string_view reason) const;
  struct State;
  std::unique_ptr<State> state_;
  In in_;
  std::string what_, held_;
  std::size_t at_ = 0;
  bool begun_ = false, ended_ = false;
};

// A pair of keys for sealing towards this workspace: made from its key, the public one may lie anywhere.
Secret sealing_key(const Secret& workspace_key, std::string_view purpose);
std::string public_key_of(const Secret& secret);

}  // namespace understory::vault

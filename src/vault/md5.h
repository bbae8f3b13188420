// MD5, where a protocol of others demands it and nothing secret rests on it: OpenRosa's hash of a form, HTTP Digest.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace understory::vault {

std::string md5_hex(std::string_view bytes);  // 32 lower-case digits
// The same for what comes piece by piece.
class Md5 {
 public:
  Md5();
  ~Md5();
  void add(std::string_view bytes);
  std::string finish_hex();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace understory::vault

// What a program sent as JSON: an object of named values, read one by one. Every problem names the value.
#pragma once
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/id.h"
#include "foundation/result.h"
#include "server/http.h"
#include "study/problems.h"

namespace understory::server {

class SentJson {
 public:
  // kBadJson: no JSON, too deep, or no object. `text` is valid UTF-8 or refused.
  static Result<SentJson> read(std::string_view text);
  static Result<SentJson> of(const Request& request);  // its content, 64 KiB at most

  bool has(std::string_view name) const;  // and is not null
  // kBadJson where it is missing, of another kind, or (texts) longer than `most` bytes.
  Result<std::string> text(std::string_view name, std::size_t most) const;
  Result<std::string> text_or(std::string_view name, std::size_t most, std::string otherwise) const;
  Result<std::int64_t> number(std::string_view name) const;
  Result<bool> truth(std::string_view name) const;
  Result<Id> id(std::string_view name) const;
  Result<Id> id_or_none(std::string_view name) const;
  Result<std::vector<Id>> ids(std::string_view name, std::size_t most) const;
  Result<std::vector<std::pair<std::string, std::string>>> texts(std::string_view name, std::size_t most) const;

 private:
  boost::json::object object_;
};

}  // namespace understory::server

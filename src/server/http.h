// Requests and responses as the routes see them: plain values, no sockets.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/result.h"

namespace understory::server {

struct Request {
  std::string method = "GET";
  std::string target = "/";                                // as sent: path and query
  std::string path = "/";                                  // percent-decoded, valid UTF-8
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::map<std::string, std::string> headers;              // names in lower case
  std::string body;
  std::vector<std::pair<std::string, std::string>> form;  // of a POST, decoded, in order
  bool from_here = true;                                  // from a program on this machine, through no proxy
  bool secure = false;                                    // went over TLS where it left the machine

  // The first value of that name; empty where there is none.
  std::string parameter(std::string_view name) const;
  bool has_parameter(std::string_view name) const;
  std::string header(std::string_view name) const;
  std::string cookie(std::string_view name) const;  // as set_cookie() gave it
  std::string field(std::string_view name) const;   // of the form
};

// Where a request waits for its answer, so that what takes long starves nothing else: sign-ins (a password takes a
// tenth of a second and 64 MiB) and reports as PDF (seconds, by a program of its own) have one worker each.
enum class Lane { kPages, kPasswords, kReports };

struct Response {
  int status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view route;  // its address in the table of routes, for the figures; empty: none
};

// A cookie no script reads and no other site sends along; over TLS also none that a plain connection or a neighbouring
// name can set (prefix __Host-). `life` in seconds; 0: until the browser ends, below 0: forget it now.
void set_cookie(Response& response, const Request& request, std::string_view name, std::string_view value,
                int life = 0);

// Splits a request target. kInvalidValue: a bad %-sequence, a NUL, text that is not UTF-8.
Result<void> read_target(std::string_view target, Request& request);
// Reads an application/x-www-form-urlencoded body into `form`. kInvalidValue: another kind of body, or as above.
Result<void> read_form(Request& request);
std::string percent_encode(std::string_view text);
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace understory::server

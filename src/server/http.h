// Requests and responses as the routes see them: plain values, no sockets.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/result.h"
#include "server/upload.h"

namespace understory::server {

// One part of a multipart/form-data body.
struct Part {
  std::string name;
  std::string filename;    // as sent, any script; it may hold slashes and is never a path. Empty: a field of a form
  std::string media_type;  // as sent; empty: not said
  Upload content;
};

// What kind of body an address takes, and how much of it.
struct Body {
  enum class Kind {
    kForm,   // a form's fields, whole in `body` and, of a POST, in `form`; the transport refuses any other kind
    kParts,  // multipart/form-data: `parts`, and fields without a file name in `form` too. A form's plain fields as
             // well
    kBytes,  // anything: `content`
  };
  Kind kind = Kind::kForm;
  std::uint64_t limit = 64 * 1024;  // bytes; of kForm never more than this
  int parts = 1000;                 // of kParts: how many
};

struct Request {
  std::string method = "GET";
  std::string target = "/";                                // as sent: path and query
  std::string path = "/";                                  // percent-decoded, valid UTF-8
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::map<std::string, std::string> headers;              // names in lower case
  std::string body;
  std::vector<std::pair<std::string, std::string>> form;  // of a POST, decoded, in order
  std::vector<Part> parts;                                // in order
  Upload content;
  // Why a body of kParts or kBytes did not arrive as it should have: kNotMultipart, kNoBoundary, kBadPart, kCutShort,
  // kRequestTooLarge, kTooManyUploads, kDiskFull. What arrived before that stands in `parts` and is
  // not to be kept. Whoever answers says so in the form its clients know.
  std::optional<Problem> body_problem;
  bool from_here = true;  // from a program on this machine, through no proxy
  bool secure = false;    // went over TLS where it left the machine
  // Whether what signs it by HTTP Digest was good when its head had come, and is used up by it. Nothing: nobody looked.
  std::optional<bool> signed_well;

  // The first value of that name; empty where there is none.
  std::string parameter(std::string_view name) const;
  bool has_parameter(std::string_view name) const;
  std::string header(std::string_view name) const;
  std::string cookie(std::string_view name) const;  // as set_cookie() gave it
  std::string field(std::string_view name) const;   // of the form
  const Part* part(std::string_view name) const;    // the first of that name; null: none
  bool by_digest() const;                           // says it is signed by HTTP Digest
};

// Where a request waits for its answer, so that what takes long starves nothing else: sign-ins (a password takes a
// tenth of a second and 64 MiB) and reports as PDF (seconds, by a program of its own) have one worker each, answers
// that are long two. What is taken in has sixteen, which mostly wait together for one commit.
// What waits for others to do something (kNews) does so in threads that do nothing else.
enum class Lane { kPages, kPasswords, kReports, kDownloads, kIntake, kNews };

// An answer too long to be held whole: asked for piece by piece, as fast as the client takes them. Made by the route,
// asked and destroyed on workers of the route's lane, by one at a time but not always the same; destroyed soon after
// the last piece was taken or the client went away. It outlives the request, and may hold a transaction for reading.
class Pieces {
 public:
  virtual ~Pieces() = default;
  // The next bytes, some 256 KiB at most; none: that was all. A problem or an exception cuts the connection, so that
  // nobody takes what came for the whole.
  virtual Result<std::string> next() = 0;
  // Before the first: passes over at most so many bytes without making them; how many it passed over.
  virtual std::uint64_t skip(std::uint64_t) { return 0; }
};

struct Response {
  int status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view route;  // its address in the table of routes, for the figures; empty: none
  // Instead of `body`. Sent under Content-Length where `size` says the bytes (fewer or more cut the connection), else
  // in chunks. Asked for HEAD it is never read.
  std::shared_ptr<Pieces> pieces;
  std::optional<std::uint64_t> size;
  // Instead of all of these: goes on once the transaction of the request has ended, and makes the answer.
  std::function<Response()> then;
};

// A cookie no script reads and no other site sends along; over TLS also none that a plain connection or a neighbouring
// name can set (prefix __Host-). `life` in seconds; 0: until the browser ends, below 0: forget it now.
void set_cookie(Response& response, const Request& request, std::string_view name, std::string_view value,
                int life = 0);

// Splits a request target. kBadAddress: a bad %-sequence, a NUL, text that is not UTF-8.
Result<void> read_target(std::string_view target, Request& request);
// Reads an application/x-www-form-urlencoded body into `form`. kNotAForm: another kind of body, or as above.
Result<void> read_form(Request& request);
std::string percent_encode(std::string_view text);
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace understory::server

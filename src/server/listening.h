// Where the server listens, as whom, and with which certificate. No requests.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "foundation/result.h"
#include "server/tls.h"

namespace understory::server {

struct Listening {
  std::string address = "127.0.0.1:8080";  // port 0 takes a free one
  std::filesystem::path certificate, key;  // PEM; with both it speaks TLS, and only then beyond this machine
  bool behind_proxy = false;               // a TLS proxy on this machine stands in front and says for whom it asks
  std::vector<std::string> names;          // it is asked for, beside this machine's own; none: the certificate's
  std::filesystem::path spool;             // folder where large bodies lie, sealed; empty: the system's for such things

  bool tls() const { return !certificate.empty() || !key.empty(); }
};

// kInvalidValue: no address, one beyond this machine without TLS, a proxy and a certificate at once; kMissingValue:
// half of a certificate, a proxy without the names it is asked for.
Result<boost::asio::ip::tcp::endpoint> endpoint_of(const Listening& listening);
// Takes connections at once. kAlreadyExists: another program has the address; kInvalidValue: this machine has not.
Result<void> begin_to_listen(boost::asio::ip::tcp::acceptor& acceptor, const Listening& listening);

// The certificate that is shown, renewed while the server runs. Its caller's thread alone touches it.
class KeptCertificate {
 public:
  // None where nothing is said of TLS. Problems as Certificate::read; what should be known is told in the log.
  Result<void> read(const Listening& listening);
  // Once more, if its files changed or it is asked for. One that cannot be used is told, and the one before stays.
  void renew(bool asked_for);
  const std::shared_ptr<Certificate>& now() const { return now_; }  // null: no TLS

 private:
  Certificate::Files files_;
  std::string fingerprint_;  // of the files when they were read
  std::shared_ptr<Certificate> now_;
};

}  // namespace understory::server

// The operator's own certificate: read from two PEM files, checked before it is used. TLS streams come in by wire.h;
// hearing, delivery and transport use them.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "foundation/clock.h"
#include "foundation/result.h"

namespace understory::server {

class Certificate {
 public:
  struct Files {
    std::filesystem::path chain;  // the certificate, then those between it and the authority's root
    std::filesystem::path key;    // its private key, without a password
  };
  // kFileUnreadable: missing, or not PEM; kInvalidValue: the key belongs to another certificate, or has a password.
  static Result<std::shared_ptr<Certificate>> read(const Files& files);

  boost::asio::ssl::context& context() { return context_; }
  const std::vector<std::string>& names() const { return names_; }  // DNS names and addresses, in lower case
  // What the steward should know: expired, not yet valid, ends in less than two weeks, a key others can read. One
  // sentence each.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Certificate();
  boost::asio::ssl::context context_;
  std::vector<std::string> names_, warnings_;
};

// Changes with the files: their sizes and times of change.
std::string fingerprint_of(const Certificate::Files& files);

}  // namespace understory::server

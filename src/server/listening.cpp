#include "server/listening.h"

#include "foundation/log.h"

namespace understory::server {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

tl::unexpected<Problem> refused(const Listening& listening, std::string_view hint) {
  return fail(problems::kInvalidValue, {{"where", "--listen"},
                                        {"value", listening.address},
                                        {"what", "address to listen on"},
                                        {"hint", std::string(hint)}});
}

void tell_warnings(const Certificate& certificate) {
  for (const std::string& warning : certificate.warnings()) log::write(log::Level::kWarning, warning);
}

}  // namespace

Result<tcp::endpoint> endpoint_of(const Listening& listening) {
  constexpr const char* kAsAnExample = "Write it as 127.0.0.1:8080.";
  const std::string& listen = listening.address;
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return refused(listening, kAsAnExample);
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  int port = -1;
  const std::string digits = listen.substr(colon + 1);
  if (!digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos)
    port = std::stoi(digits);
  if (error || port < 0 || port > 65535) return refused(listening, kAsAnExample);
  const bool tls = listening.tls();
  if (tls && (listening.certificate.empty() || listening.key.empty()))
    return fail(problems::kMissingValue, {{"where", listening.key.empty() ? "--certificate" : "--key"},
                                          {"what", listening.key.empty() ? "--key" : "--certificate"},
                                          {"hint", "TLS needs both files."}});
  if (!address.is_loopback() && !tls)
    return refused(listening,
                   "Beyond this machine it speaks TLS alone: give --certificate and --key, or put a TLS proxy on this "
                   "machine in front of 127.0.0.1 and say --behind-proxy.");
  if (listening.behind_proxy && (tls || !address.is_loopback()))
    return refused(listening, "Behind a proxy it listens on this machine alone, without a certificate of its own.");
  if (listening.behind_proxy && listening.names.empty())
    return fail(
        problems::kMissingValue,
        {{"where", "--behind-proxy"}, {"what", "--name"}, {"hint", "Say the name people open in their browsers."}});
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

Result<void> begin_to_listen(tcp::acceptor& acceptor, const Listening& listening) {
  const tcp::endpoint endpoint = TRY(endpoint_of(listening));
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    return fail(problems::kAlreadyExists, {{"what", "program listening at this address"}, {"name", listening.address}});
  if (error) return refused(listening, error.message() + ".");
  return {};
}

Result<void> KeptCertificate::read(const Listening& listening) {
  if (!listening.tls()) return {};
  files_ = {listening.certificate, listening.key};
  fingerprint_ = fingerprint_of(files_);
  now_ = TRY(Certificate::read(files_));
  tell_warnings(*now_);
  return {};
}

void KeptCertificate::renew(bool asked_for) {
  const std::string now_there = fingerprint_of(files_);
  if (!asked_for && now_there == fingerprint_) return;
  fingerprint_ = now_there;
  auto renewed = Certificate::read(files_);
  if (!renewed) {
    log::error("the certificate was not renewed: {}", renewed.error().sentence());
    return;
  }
  now_ = std::move(*renewed);
  log::info("the certificate was read anew");
  tell_warnings(*now_);
}

}  // namespace understory::server

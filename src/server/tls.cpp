#include "server/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "foundation/text.h"

namespace understory::server {

namespace {

constexpr Milliseconds kDay = 24LL * 3600 * 1000;

// The newest of what OpenSSL complains of, in its own words; its list is emptied.
std::string complaint() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "it is not in PEM form";
}

Milliseconds time_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<Milliseconds>(timegm(&parts)) * 1000 : 0;
}

std::string as_address(const ASN1_OCTET_STRING& bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  if (bytes.length == 4) return inet_ntop(AF_INET, bytes.data, text, sizeof text);
  if (bytes.length == 16) return "[" + std::string(inet_ntop(AF_INET6, bytes.data, text, sizeof text)) + "]";
  return "";
}

std::vector<std::string> names_in(X509* certificate) {
  std::vector<std::string> names;
  auto* list = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(list, i);
    if (each->type == GEN_DNS)
      names.push_back(lower_ascii({reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                                   static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName))}));
    else if (each->type == GEN_IPADD)
      names.push_back(as_address(*each->d.iPAddress));
  }
  GENERAL_NAMES_free(list);
  return names;
}

// Browsers speak HTTP/1.1 here; nothing else is offered.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, kHttp, sizeof kHttp - 1, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

// TLS 1.3, and 1.2 with forward secrecy and authenticated encryption alone. No renegotiation, no compression; sessions
// are not resumed, so that no key outlives its connection.
Certificate::Certificate() : context_(boost::asio::ssl::context::tls_server) {
  SSL_CTX* context = context_.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // Nobody sits at the terminal to be asked.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
}

Result<std::shared_ptr<Certificate>> Certificate::read(const Files& files) {
  const auto unreadable = [](const std::filesystem::path& file, std::string reason) {
    return fail(problems::kFileUnreadable, {{"file", file.string()}, {"reason", std::move(reason)}});
  };
  struct stat key_file {};
  for (const auto& file : {files.chain, files.key})
    if (::stat(file.c_str(), &key_file) != 0) return unreadable(file, std::strerror(errno));
  std::shared_ptr<Certificate> made(new Certificate);
  SSL_CTX* context = made->context_.native_handle();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.chain.c_str()) != 1)
    return unreadable(files.chain, "it holds no certificate that can be used (" + complaint() + ")");
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    const std::string reason = complaint();
    if (!other) return unreadable(files.key, "it holds no private key that opens without a password (" + reason + ")");
    return fail(problems::kInvalidValue, {{"where", "--key"},
                                          {"value", files.key.string()},
                                          {"what", "key for " + files.chain.string()},
                                          {"hint", "Give the private key this certificate was issued for."}});
  }
  X509* certificate = SSL_CTX_get0_certificate(context);
  made->names_ = names_in(certificate);
  const Milliseconds begins = time_of(X509_get0_notBefore(certificate)),
                     ends = time_of(X509_get0_notAfter(certificate)), today = now();
  const auto warn = [&](std::string sentence) { made->warnings_.push_back(std::move(sentence)); };
  if (ends < today)
    warn(fmt::format("The certificate expired at {}: browsers will refuse it. Renew it.", iso_time(ends)));
  else if (ends - today < 14 * kDay)
    warn(fmt::format("The certificate expires at {}. Renew it before.", iso_time(ends)));
  if (begins > today) warn(fmt::format("The certificate is not valid before {}.", iso_time(begins)));
  if (key_file.st_mode & S_IROTH)
    warn(fmt::format("Everybody on this machine can read {}: chmod o-r it.", files.key.string()));
  return made;
}

std::string fingerprint_of(const Certificate::Files& files) {
  std::string all;
  for (const auto& file : {files.chain, files.key}) {
    struct stat known {};
    if (::stat(file.c_str(), &known) == 0)
      all += fmt::format("{} {} {}.{} ", known.st_ino, known.st_size, known.st_mtim.tv_sec, known.st_mtim.tv_nsec);
  }
  return all;
}

}  // namespace understory::server

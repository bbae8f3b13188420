// TLS over real sockets: what is spoken, whose names, certificates renewed and broken.
#include "server/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <boost/asio/ssl.hpp>
#include <csignal>

#include "foundation/file.h"
#include "server/over_sockets_test.h"

namespace understory::server {

namespace ssl = boost::asio::ssl;

namespace {

// Certificates made by the openssl program, as an operator's would be.
class Tls : public ::testing::Test {
 protected:
  Certificate::Files make(const std::string& name, std::vector<std::string> more = {"-days", "30"}) {
    const Certificate::Files files{folder_.path() / (name + ".pem"), folder_.path() / (name + ".key")};
    ProgramCall call{"openssl",
                     {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                      "/CN=" + name, "-addext", "subjectAltName=DNS:" + name + ",DNS:*.wild.example,IP:192.0.2.7",
                      "-keyout", files.key.string(), "-out", files.chain.string()}};
    call.arguments.insert(call.arguments.end(), more.begin(), more.end());
    const auto made = run_program(call);
    EXPECT_TRUE(made && made->status == 0) << (made ? made->errors : made.error().sentence());
    return files;
  }
  static Listening with(const Certificate::Files& files) { return {"127.0.0.1:0", files.chain, files.key}; }

  struct Said {
    std::string reply, protocol, cipher, subject;
  };
  static Said said_over_tls(std::uint16_t port, const std::string& bytes, int newest = TLS1_3_VERSION) {
    asio::io_context context;
    ssl::context settings(ssl::context::tls_client);
    SSL_CTX_set_max_proto_version(settings.native_handle(), newest);
    SSL_CTX_set_min_proto_version(settings.native_handle(), TLS1_VERSION);
    SSL_CTX_set_security_level(settings.native_handle(), 0);
    ssl::stream<tcp::socket> stream(context, settings);
    connect(stream.next_layer(), port, "127.0.0.1");
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::client, error);
    if (error) return {};
    Said said;
    said.protocol = SSL_get_version(stream.native_handle());
    said.cipher = SSL_get_cipher(stream.native_handle());
    X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
    char subject[128] = "";
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
    X509_free(certificate);
    said.subject = subject;
    asio::write(stream, asio::buffer(bytes), error);
    asio::read(stream, asio::dynamic_buffer(said.reply), error);
    return said;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_F(Tls, SpeaksTheNewestAndRefusesTheOld) {
  Running running(kHello, {}, with(make("desk.example")));
  const Said newest = said_over_tls(running.port(), get("desk.example"));
  EXPECT_EQ(newest.protocol, "TLSv1.3");
  EXPECT_NE(newest.reply.find("hello secure\n"), std::string::npos) << newest.reply;
  EXPECT_NE(newest.reply.find("Strict-Transport-Security: max-age=31536000; includeSubDomains"), std::string::npos);
  const Said older = said_over_tls(running.port(), get("desk.example"), TLS1_2_VERSION);
  EXPECT_EQ(older.protocol, "TLSv1.2");
  EXPECT_TRUE(older.cipher.rfind("ECDHE", 0) == 0 &&
              (older.cipher.find("GCM") != std::string::npos || older.cipher.find("CHACHA20") != std::string::npos))
      << older.cipher;
  EXPECT_EQ(said_over_tls(running.port(), get("desk.example"), TLS1_1_VERSION).protocol, "");
  EXPECT_EQ(said_to(running.port(), get("desk.example")).find("hello"), std::string::npos);  // no TLS at all
}

namespace {

// Ten pieces, and then the end or a failure.
class Ten : public Pieces {
 public:
  explicit Ten(bool fails) : fails_(fails) {}
  Result<std::string> next() override {
    if (made_++ < 10) return std::string(100'000, 'a');
    if (fails_) return fail(problems::kBusy);
    return std::string();
  }

 private:
  const bool fails_;
  int made_ = 0;
};

}  // namespace

TEST_F(Tls, LongBodiesAndAnswersPassToo) {
  Listening listening = with(make("desk.example"));
  listening.spool = folder();
  Running running(
      [](const Request& request) {
        Response response{200, "text/plain; charset=utf-8", fmt::format("{} bytes\n", request.content.size()), {}};
        if (request.method == "GET") response.pieces = std::make_shared<Ten>(request.path == "/fails");
        return response;
      },
      {}, listening, {},
      [](const Request&) {
        return Body{Body::Kind::kBytes, 2'000'000};
      });
  const std::string whole = said_over_tls(running.port(), get("desk.example")).reply;
  EXPECT_EQ(status_of(whole), 200);
  EXPECT_GT(whole.size(), 1'000'000u);
  EXPECT_EQ(whole.substr(whole.size() - 7), "\r\n0\r\n\r\n");
  const std::string cut = said_over_tls(running.port(), get("desk.example", "", "/fails")).reply;
  EXPECT_EQ(status_of(cut), 200);
  EXPECT_EQ(cut.find("\r\n0\r\n\r\n"), std::string::npos);
  const auto sent = [&](std::size_t size) {
    return said_over_tls(running.port(),
                         "POST / HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\nContent-Length: " +
                             std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'))
        .reply;
  };
  EXPECT_NE(sent(1'500'000).find("1500000 bytes"), std::string::npos);
  EXPECT_NE(sent(3'000'000).find("0 bytes"), std::string::npos);  // refused; the route is asked, and the answer arrives
}

TEST_F(Tls, AnswersToTheNamesOfItsCertificateOrThoseGiven) {
  Listening listening = with(make("desk.example"));
  {
    Running running(kHello, {}, listening);
    for (const char* name :
         {"desk.example", "DESK.example:443", "a.wild.example", "192.0.2.7", "localhost", "127.0.0.1:8"})
      EXPECT_EQ(status_of(said_over_tls(running.port(), get(name)).reply), 200) << name;
    for (const char* name :
         {"evil.example", "a.b.wild.example", "wild.example", ".wild.example", "", "desk.example.evil"})
      EXPECT_EQ(status_of(said_over_tls(running.port(), get(name)).reply), 421) << name;
    // A browser would keep to TLS for everything else on this machine.
    EXPECT_EQ(said_over_tls(running.port(), get("localhost")).reply.find("Strict-Transport"), std::string::npos);
  }
  listening.names = {"Office.example"};
  Running running(kHello, {}, listening);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("office.example")).reply), 200);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("desk.example")).reply), 421);
}

TEST_F(Tls, SaysWhatIsWrongWithACertificate) {
  const auto good = make("desk.example"), other = make("other.example");
  const auto said = [](const Certificate::Files& files) {
    const auto opened = Transport::open(with(files), kHello, 1);
    return opened ? std::string() : opened.error().sentence();
  };
  EXPECT_EQ(said(good), "");
  EXPECT_NE(said({folder() / "none.pem", good.key}).find("none.pem cannot be read: No such file"), std::string::npos);
  EXPECT_NE(said({good.chain, folder() / "none.key"}).find("none.key cannot be read"), std::string::npos);
  EXPECT_NE(said({good.key, good.key}).find("holds no certificate"), std::string::npos);
  EXPECT_NE(said({good.chain, good.chain}).find("holds no private key"), std::string::npos);
  EXPECT_NE(said({good.chain, other.key}).find("Give the private key this certificate was issued for"),
            std::string::npos);
  const auto locked = run_program({"openssl",
                                   {"pkcs8", "-topk8", "-in", good.key.string(), "-passout", "pass:secret", "-out",
                                    (folder() / "locked.key").string()}});
  ASSERT_TRUE(locked && locked->status == 0);
  EXPECT_NE(said({good.chain, folder() / "locked.key"}).find("without a password"), std::string::npos);
  for (const auto& half : {Listening{"127.0.0.1:0", good.chain, ""}, Listening{"127.0.0.1:0", "", good.key}})
    EXPECT_FALSE(Transport::open(half, kHello, 1));

  const auto warnings = [](const Certificate::Files& files) { return (*Certificate::read(files))->warnings(); };
  EXPECT_TRUE(warnings(good).empty());
  const auto expiring = warnings(make("soon.example", {"-days", "3"}));
  ASSERT_EQ(expiring.size(), 1u);
  EXPECT_NE(expiring[0].find("expires at"), std::string::npos);
  {
    FixedClock later(now() + 40LL * 24 * 3600 * 1000);
    EXPECT_NE(warnings(good).at(0).find("expired at"), std::string::npos);
  }
  ::chmod(good.key.c_str(), 0644);
  EXPECT_NE(warnings(good).at(0).find("chmod o-r"), std::string::npos);
}

TEST_F(Tls, ARenewedCertificateIsTakenUpAndABrokenOneIsNot) {
  const auto files = make("desk.example");
  Listening listening = with(files);
  listening.names = {"desk.example"};
  Running running(kHello, {}, listening);
  EXPECT_NE(said_over_tls(running.port(), get("desk.example")).subject.find("desk.example"), std::string::npos);
  const auto subject_becomes = [&](const std::string& wanted) {
    std::raise(SIGHUP);
    for (int i = 0; i < 100; ++i) {
      if (said_over_tls(running.port(), get("desk.example")).subject.find(wanted) != std::string::npos) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  };
  const auto renewed = make("renewed.example");
  std::filesystem::rename(renewed.chain, files.chain);
  std::filesystem::rename(renewed.key, files.key);
  EXPECT_TRUE(subject_becomes("renewed.example"));
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("renewed.example")).reply), 421);  // the names given stay
  ASSERT_TRUE(write_file(files.chain, "half a cert"));
  std::raise(SIGHUP);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(subject_becomes("renewed.example"));  // the one before stays
}

TEST_F(Tls, ARenewedCertificateBringsItsNames) {
  const auto files = make("desk.example");
  Running running(kHello, {}, with(files));
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("renewed.example")).reply), 421);
  const auto renewed = make("renewed.example");
  std::filesystem::rename(renewed.chain, files.chain);
  std::filesystem::rename(renewed.key, files.key);
  std::raise(SIGHUP);
  int status = 421;
  for (int i = 0; i < 100 && status != 200; ++i) {
    status = status_of(said_over_tls(running.port(), get("renewed.example")).reply);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(status_of(said_over_tls(running.port(), get("desk.example")).reply), 421);
}

TEST_F(Tls, IsNeededBeyondThisMachine) {
  EXPECT_TRUE(Transport::open({"127.0.0.1:0"}, kHello, 1));
  Listening open = with(make("desk.example"));
  open.address = "0.0.0.0:0";
  const auto beyond = Transport::open(open, kHello, 1);
  ASSERT_TRUE(beyond);
  EXPECT_TRUE((*beyond)->beyond_this_machine());
  for (const auto& refused :
       {Listening{"0.0.0.0:0", "", "", true, {"desk.example"}}, Listening{"127.0.0.1:0", "", "", true, {}},
        Listening{"127.0.0.1:0", open.certificate, open.key, true, {"desk.example"}}}) {
    const auto opened = Transport::open(refused, kHello, 1);
    ASSERT_FALSE(opened);
    EXPECT_FALSE(opened.error().sentence().empty());
  }
}

}  // namespace understory::server

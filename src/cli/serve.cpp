// understory serve
#include "server/serve.h"
#include "cli/command.h"
#include "foundation/log.h"
#include "server/example.h"

namespace understory::cli {

void add_serve(CLI::App& app, Action& action) {
  struct Options {
    std::string folder;
    server::Listening listening;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Show the workspace in the browser");
  command->footer(
      "\nAlone on a laptop:      understory serve -w DIR\n"
      "For others, directly:   understory serve -w DIR --listen 0.0.0.0:443 --certificate chain.pem --key key.pem\n"
      "Behind a TLS proxy:     understory serve -w DIR --behind-proxy --name desk.example.org\n"
      "                        (on this machine; it passes Host on and sets X-Forwarded-For)\n"
      "\nBeyond this machine it is served only with TLS and once there are accounts (understory account new); then\n"
      "every page asks for a sign-in. A renewed certificate is noticed within a minute, or at once on SIGHUP.\n"
      "GET /healthz says whether the database answers; GET /metrics gives figures to programs on this machine.\n"
      "Several servers may share one PostgreSQL workspace. Ctrl-C finishes what is being answered and stops.\n"
      "docs/operating.md says the rest.");
  add_workspace_option(*command, options->folder);
  server::Listening& listening = options->listening;
  command->add_option("--listen", listening.address, "Address and port; port 0 takes a free one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--certificate", listening.certificate, "TLS: the certificate and those above it, PEM")
      ->type_name("FILE");
  command->add_option("--key", listening.key, "TLS: its private key, PEM, without a password")->type_name("FILE");
  command
      ->add_option("--name", listening.names,
                   "A name people open it by; repeatable. Without it: the names in the certificate")
      ->type_name("HOST")
      ->allow_extra_args(false);
  command->add_flag("--behind-proxy", listening.behind_proxy, "A TLS proxy on this machine stands in front");
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      log::set_level(log::Level::kInfo);
      auto workspace = TRY(open_workspace(options->folder));
      TRY(server::serve(*workspace, options->listening, [&workspace](const std::string& address) {
        std::string said = fmt::format("Understory is at {}\n", address);
        if (const auto accounts = server::example_accounts(*workspace); !accounts.empty()) {
          said += "This is an example: everybody knows its passwords. Sign in there as\n";
          for (const server::ExampleAccount& each : accounts)
            said += fmt::format("  {:<16}{:<16}{}\n", each.name, each.role, each.password);
        }
        return put_out(said);
      }));
      return kDone;
    };
  });
}

}  // namespace understory::cli

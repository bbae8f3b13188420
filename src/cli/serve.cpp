// understory serve
#include "server/serve.h"
#include "cli/command.h"
#include "foundation/log.h"
#include "server/example.h"

namespace understory::cli {

void add_serve(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, listen = "127.0.0.1:8080";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Show the workspace in the browser");
  command->footer(
      "\nOnly addresses of this machine (127.0.0.1, ::1) are served, until it can speak TLS. Once there are accounts\n"
      "(understory account new), every page asks for a sign-in.\nCtrl-C finishes what is being answered and stops.");
  add_workspace_option(*command, options->folder);
  command->add_option("--listen", options->listen, "Address and port; port 0 takes a free one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      log::set_level(log::Level::kInfo);
      auto workspace = TRY(open_workspace(options->folder));
      TRY(server::serve(*workspace, options->listen, [&workspace](const std::string& address) {
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

// understory audit export | verify
#include "people/audit.h"

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/file.h"
#include "foundation/text.h"

namespace understory::cli {

void add_audit(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, out, file, key, head;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("audit", "The log: who did what; taken out, and proven");
  command->require_subcommand(1);

  CLI::App* take = command->add_subcommand("export", "Write the whole log, one entry a line");
  add_workspace_option(*take, options->folder);
  take->add_option("out", options->out, "The file (default: standard output)");
  take->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kReadAudit, "audit export"));
      auto transaction = door.read();
      std::string text;
      people::export_audit(transaction, [&](std::string_view line) {
        text += line;
        text += '\n';
      });
      TRY(put_out(text, options->out));
      return kDone;
    };
  });

  CLI::App* key = command->add_subcommand("key", "Print the public key the log is signed for");
  add_workspace_option(*key, options->folder);
  key->callback([options, &action] {
    action = [options]() -> Result<int> {
      auto workspace = TRY(open_workspace(options->folder));
      TRY(put_out(vault::hex(TRY(people::audit_key(*workspace)).public_key()) + "\n"));
      return kDone;
    };
  });

  CLI::App* verify = command->add_subcommand("verify", "Prove an exported log, with nothing but it and the public key");
  verify->footer(
      "\nKeep what it prints somewhere else, and give it back with --head next time: then a log that was cut back or\n"
      "written anew is found too.\n  understory audit verify log.jsonl --key KEY --head 120:9f3c…");
  verify->add_option("file", options->file, "The exported log")->required()->type_name("FILE");
  verify->add_option("--key", options->key, "The public key (understory audit key), or a file that holds it")
      ->required()
      ->type_name("PUB");
  verify->add_option("--head", options->head, "A head that was kept elsewhere")->type_name("NUMBER:HASH");
  verify->callback([options, &action] {
    action = [options]() -> Result<int> {
      std::string digits = options->key;
      if (std::filesystem::exists(digits)) digits = TRY(read_file(digits, 4096));
      const auto key = vault::from_hex(trim(digits));
      if (!key || key->size() != 32)
        return fail(problems::kInvalidValue, {{"where", "--key"},
                                              {"value", std::string(shortened(options->key, 80))},
                                              {"what", "public key"},
                                              {"hint", "It has 64 digits; print it with: understory audit key"}});
      const std::string text = TRY(read_file(options->file));
      const auto proof = TRY(people::verify_audit(text, *key, options->head, options->file));
      TRY(put_out(fmt::format("{} entries, unbroken and signed. Its head: {}\n", proof.entries, proof.head)));
      return kDone;
    };
  });
}

}  // namespace understory::cli

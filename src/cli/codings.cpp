// understory codings
#include "cli/command.h"
#include "cli/door.h"
#include "cli/tell_blind.h"
#include "study/coding.h"
#include "study/exchange/formats.h"
#include "study/gather.h"

namespace understory::cli {

void add_codings(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, study, format = "csv", out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("codings", "Every coding as a table: source, start and end, code, coder, text");
  command->footer(
      "\nPositions count Unicode code points from 0, ends exclusive. The text holds what was told: handle it so. Of "
      "sources\nthat are coded blind it has your own codings alone; how many are left out is said, with exit code 3.");
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command->add_option("--format", options->format, "csv")->check(CLI::IsMember({"csv"}))->capture_default_str();
  command->add_option("-o,--out", options->out, "A file instead of standard output")->type_name("FILE");
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kExportStudy, "codings", options->study));
      auto transaction = door.read();
      const study::Study& found = door.study();
      TRY(door.whole_study());
      study::GatherOptions wanted;
      wanted.coder = study::find_coder_of(transaction, found.id, door.person().account);
      const study::Material material = TRY(study::gather(transaction, found.id, wanted, terminal_progress()));
      TRY(put_out(study::write_codings_csv(material), options->out));
      return tell_blind(material) ? kDoneWithLosses : kDone;
    };
  });
}

}  // namespace understory::cli

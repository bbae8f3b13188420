// understory export
#include "cli/command.h"
#include "cli/door.h"
#include "cli/tell_blind.h"
#include "study/coding.h"
#include "study/exchange/formats.h"
#include "study/gather.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, as, out;
};

constexpr const char* kFormats[] = {"qdpx:spec", "qdpx:nvivo", "qdpx:atlasti", "qdpx:maxqda", "qdc", "csv", "xlsx"};

Result<study::Written> write(const study::Material& material, const std::string& as) {
  if (as == "qdpx:spec") return study::write_qdpx(material, study::QdpxPreset::kSpec);
  if (as == "qdpx:nvivo") return study::write_qdpx(material, study::QdpxPreset::kNvivo);
  if (as == "qdpx:atlasti") return study::write_qdpx(material, study::QdpxPreset::kAtlasti);
  if (as == "qdpx:maxqda") return study::write_qdpx(material, study::QdpxPreset::kMaxqda);
  if (as == "qdc") return study::write_qdc(material);
  if (as == "csv") return study::Written{study::write_codings_csv(material), {}};
  return study::Written {
    TRY(study::write_xlsx(material))
    , {}
  };
}

Result<int> export_study(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kExportStudy, "export", options.study));
  auto transaction = door.read();
  const study::Study& found = door.study();
  TRY(door.whole_study());
  study::GatherOptions wanted;
  wanted.texts = options.as != "qdc";
  wanted.coder = study::find_coder_of(transaction, found.id, door.person().account);
  const study::Material material = TRY(study::gather(transaction, found.id, wanted, terminal_progress()));
  const study::Written written = TRY(write(material, options.as));
  TRY(put_out(written.bytes, options.out));
  if (!written.report.lines.empty()) std::fputs((written.report.text() + "\n").c_str(), stderr);
  const bool blind = options.as != "qdc" && tell_blind(material);  // a codebook holds no codings
  return blind || !written.report.complete() ? kDoneWithLosses : kDone;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("export", "Write a study for another program");
  command->footer(
      "\nThe four QDPX forms hold the same project and differ in how positions are counted, as each program reads them "
      "back.\n"
      "What a format cannot say is named on standard error. The same study gives the same bytes. The file holds what "
      "was\n"
      "told, names included: it is for the study's own team. Of sources that are coded blind it has your own codings "
      "alone;\nhow much is left out is said, with exit code 3.");
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command->add_option("--as", options->as, "qdpx:spec, qdpx:nvivo, qdpx:atlasti, qdpx:maxqda, qdc, csv or xlsx")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kFormats), std::end(kFormats))));
  command->add_option("out", options->out, "The file to write; - for standard output")->required()->type_name("OUT");
  command->callback([options, &action] { action = [options] { return export_study(*options); }; });
}

}  // namespace understory::cli

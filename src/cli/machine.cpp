// understory machine
#include "cli/command.h"
#include "cli/door.h"
#include "foundation/csv.h"
#include "study/suggestions.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, format = "text", language = "en";
  double precision = 0.8;
};

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string table_of(const study::MachineReport& report, const study::Codebook& codebook, const std::string& language,
                     bool csv) {
  std::string out = csv ? "code,language,passages,coded,suggested,right,precision,recall,f1,suggests\n" : "";
  for (const study::MachineReport::Line& line : report.lines) {
    const study::Code* code = codebook.find(line.code);
    if (!code) continue;  // taken out of the codebook since
    const study::Measured& measured = line.measured;
    const bool all = line.language.empty();
    if (csv)
      out += fmt::format("{},{},{},{},{},{},{:.3f},{:.3f},{:.3f},{}\n",
                         csv_safe_field(codebook.path_in(*code, language)), all ? "all" : csv_safe_field(line.language),
                         measured.passages, measured.coded, measured.suggested, measured.right, measured.precision(),
                         measured.recall(), measured.f1(), line.abstains ? "no" : "yes");
    else
      out +=
          fmt::format("{}  {}: F1 {:.2f}, right {} of {} suggested, {} coded{}\n",
                      all ? codebook.path_in(*code, language) + "\n" : "", all ? "all" : line.language, measured.f1(),
                      measured.right, measured.suggested, measured.coded, line.abstains ? " – abstains" : "");
  }
  return out;
}

Result<int> show(const Door& door, storage::Transaction& transaction, const Options& options) {
  const auto report = study::machine_report(transaction, door.study().id);
  if (!report) {
    TRY(put_out("The machine coder has learnt nothing of this study yet: understory machine learn\n"));
    return kDone;
  }
  const study::Codebook codebook = study::load_codebook(transaction, door.study().id);
  std::string out = table_of(*report, codebook, options.language, options.format == "csv");
  if (options.format != "csv") {
    int open = 0;
    for (const auto& [source, count] : study::suggestion_counts(transaction, door.study().id)) open += count;
    out += fmt::format(
        "\nLearnt from {} passages of {} sources that people have read; each judged by what was learnt without its "
        "source.\nA code is suggested where at least {} of its suggestions were right; {} codes are on too few "
        "passages.\n{} suggestions are open. None counts until a person takes it.\n",
        report->passages, report->sources, percent(report->precision), report->too_few, open);
    if (report->lines.empty()) out += "No code has enough passages yet: eight, in three sources.\n";
    if (report->revision != door.study().revision) out += "The study has changed since: learn again.\n";
  }
  TRY(put_out(out));
  return kDone;
}

}  // namespace

void add_machine(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("machine", "The machine coder: learn, say how well, suggest, be removed");
  command->require_subcommand(1);
  command->footer(
      "\nIt learns on this machine from what people coded; no model is fetched and nothing leaves. It suggests codes "
      "for\n"
      "passages nobody has coded, and abstains where it was not right often enough on what it had not seen. A "
      "suggestion\n"
      "is no coding: nothing counts it until a person takes it.\n\n"
      "  understory machine learn -w network --study Experiences");

  CLI::App* learn = command->add_subcommand("learn", "Learn from what people coded, and suggest anew");
  add_workspace_option(*learn, options->folder);
  add_study_option(*learn, options->study);
  learn->add_option("--precision", options->precision, "How often a suggestion must have been right")
      ->capture_default_str()
      ->check(CLI::Range(0.5, 0.99));
  learn->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kCode, "machine learn", options->study));
      study::LearntStudy learnt;
      {
        auto transaction = door.read();
        TRY(door.whole_study());
        learnt = TRY(
            study::learn_from(transaction, door.study().id, {.precision = options->precision}, terminal_progress()));
      }
      {
        auto transaction = door.write();
        study::keep_learnt(transaction, door.study().id, learnt);
        transaction.commit();
      }
      auto transaction = door.read();
      return show(door, transaction, *options);
    };
  });

  CLI::App* report = command->add_subcommand("show", "How well it does, code by code and language by language");
  add_workspace_option(*report, options->folder);
  add_study_option(*report, options->study);
  report->add_option("--format", options->format, "text or csv")
      ->check(CLI::IsMember({"text", "csv"}))
      ->capture_default_str();
  report->add_option("--lang", options->language, "Language of the codes' names")->capture_default_str();
  report->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kSeeFindings, "machine show", options->study));
      auto transaction = door.read();
      TRY(door.whole_study());
      return show(door, transaction, *options);
    };
  });

  CLI::App* remove = command->add_subcommand("remove", "Take away all it learnt and suggests, in one act");
  add_workspace_option(*remove, options->folder);
  add_study_option(*remove, options->study);
  remove->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door =
          TRY(Door::enter(options->folder, people::Right::kChangeStudy, "machine remove", options->study));
      auto transaction = door.write();
      TRY(door.whole_study());
      const int gone = study::remove_machine(transaction, door.study().id);
      transaction.commit();
      TRY(put_out(
          fmt::format("Removed: {} suggestions and what was learnt. Codings people made are as they were.\n", gone)));
      return kDone;
    };
  });
}

}  // namespace understory::cli

// understory find
#include "cli/command.h"
#include "cli/door.h"
#include "findings/ask.h"
#include "foundation/catalogue.h"
#include "foundation/text.h"
#include "publish/figure.h"
#include "publish/page.h"
#include "study/evidence.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, format = "text", language = "en", among, out;
  std::vector<std::string> words;
  findings::Question question;
  std::string by;
  std::optional<std::uint64_t> seed;
  std::optional<int> draws;
  bool passages = false;
};

constexpr const char* kHelp = R"(
Questions:
  causes         what people say the causes are; by location unless told otherwise
  risks          who is at risk of which exploitation: by age group and gender of those who said it
  strategies     what people do: self-protection, interventions, awareness; who names only awareness
  trend          more, the same or less than before, by period
  cooccurrence   which codes are named together (--within respondent, paragraph or overlap)
  links          what leads to what: links, threads one source tells whole, and how well they stand
  agreement      how far coders agree, code by code (--unit character, paragraph or respondent)
  saturation     whether new sources still bring new codes

A question can also be written out:
  understory find -w network --study Experiences "causes by gender among location=Svay Rieng seed 7"

Respondents are counted, never mentions; the share is of those who were asked; intervals are 95 %. The answer names its
seed and a hash of the data: the same three always give the same bytes.)";

// The command's words and options as one question in text, so that one parser decides what is understood.
Result<findings::Question> question_of(const Options& options) {
  findings::Question question = TRY(findings::parse_question(join(options.words, " ")));
  if (!options.by.empty()) question.by = options.by;
  if (options.seed) question.seed = *options.seed;
  if (options.draws) question.draws = *options.draws;
  if (!options.question.kind.empty()) question.kind = options.question.kind;
  if (!options.question.level.empty()) question.level = options.question.level;
  if (!options.question.counted.empty()) question.counted = options.question.counted;
  if (!options.question.within.empty()) question.within = options.question.within;
  if (!options.question.unit.empty()) question.unit = options.question.unit;
  if (options.question.machine) question.machine = true;
  std::string text = question.text();
  if (!options.among.empty()) {
    if (!question.among.empty())
      return fail(
          problems::kBadQuestion,
          {{"at", options.among}, {"reason", "the question already says among whom"}, {"hint", "Say it once."}});
    findings::Question narrowed = TRY(findings::parse_question("causes among " + options.among));
    question.among = narrowed.among;
    text = question.text();
  }
  return findings::parse_question(text);  // and its values are checked
}

Result<int> find(const Options& options) {
  const findings::Question question = TRY(question_of(options));
  const Door door = TRY(Door::enter(options.folder, people::Right::kSeeFindings, "find", options.study));
  auto transaction = door.read();
  const study::Study& found = door.study();
  const study::Evidence evidence =
      study::limited(study::load_evidence(transaction, found.id), door.limits(transaction));
  const findings::Answer answer = TRY(findings::ask(evidence, question, options.language));
  const Catalogue& words = Catalogue::of(options.language);
  std::string out;
  if (options.format == "json")
    out = findings::answer_json(answer, words);
  else if (options.format == "csv")
    out = findings::answer_csv(answer, words);
  else if (options.format == "html")
    out = publish::answer_page(answer, words);
  else
    out = findings::answer_text(answer, words);
  TRY(put_out(out, options.out));
  return kDone;
}

}  // namespace

void add_find(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  options->question.level = options->question.counted = options->question.within = options->question.unit = "";
  CLI::App* command = app.add_subcommand("find", "Put a question to a study");
  command->footer(kHelp);
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command
      ->add_option("question", options->words,
                   "causes, risks, strategies, trend, cooccurrence, links, agreement or saturation")
      ->required()
      ->type_name("QUESTION");
  command->add_option("--by", options->by, "location, role, gender, age_band, language or none")->type_name("FACET");
  command->add_option("--among", options->among, "Only these: \"gender=female, age_band=18-24\"")
      ->type_name("FACET=VALUE");
  command->add_option("--seed", options->seed, "Seed of the random draws (default 1)")->type_name("N");
  command->add_option("--draws", options->draws, "Bootstrap draws (default 2000; 0 for none)")->type_name("N");
  command->add_option("--kind", options->question.kind, "Kind of codes to ask about instead")->type_name("KIND");
  command
      ->add_option("--level", options->question.level,
                   "top: main codes with their parts counted in (default); all: every code")
      ->type_name("LEVEL");
  command
      ->add_option("--counted", options->question.counted,
                   "any: said so by any coder of the source (default); every: by every one")
      ->type_name("RULE");
  command->add_option("--within", options->question.within, "cooccurrence: respondent (default), paragraph or overlap")
      ->type_name("UNIT");
  command->add_option("--unit", options->question.unit, "agreement: character (default), paragraph or respondent")
      ->type_name("UNIT");
  command->add_flag("--machine", options->question.machine, "agreement: let the machine coder take part");
  command->add_option("--format", options->format, "text, json, csv or html")
      ->check(CLI::IsMember({"text", "json", "csv", "html"}))
      ->capture_default_str();
  command->add_option("--lang", options->language, "Language of the words: en, km")->capture_default_str();
  command->add_option("-o,--out", options->out, "A file instead of standard output")->type_name("FILE");
  command->callback([options, &action] { action = [options] { return find(*options); }; });
}

}  // namespace understory::cli

// understory search
#include "cli/command.h"
#include "cli/door.h"
#include "study/source.h"

namespace understory::cli {

void add_search(CLI::App& app, Action& action) {
  struct Options {
    std::string folder, study, words;
    int limit = 50;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("search", "Where words stand in a study's sources; identifying passages stay masked");
  add_workspace_option(*command, options->folder);
  add_study_option(*command, options->study);
  command->add_option("words", options->words, "The words, in any script")->required();
  command->add_option("--limit", options->limit, "At most so many places")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command->callback([options, &action] {
    action = [options]() -> Result<int> {
      const Door door = TRY(Door::enter(options->folder, people::Right::kReadSource, "search", options->study));
      auto transaction = door.read();
      const study::Study& found = door.study();
      std::string lines;
      std::optional<study::Source> source;
      const study::Limits limits = door.limits(transaction);
      std::set<Id> open;
      for (const study::SourceLine& line : study::list_sources(transaction, found.id))
        if (limits.open(line.location, line.id)) open.insert(line.id);
      for (const study::SearchHit& hit : study::search_texts(transaction, found.id, options->words, options->limit,
                                                             [&](Id each) { return open.contains(each); })) {
        if (!source || source->line.id != hit.source)
          source = TRY(study::open_source(transaction, found.id, hit.source));
        Span around{0, static_cast<std::int64_t>(source->text.size())};
        for (const Span& sentence : sentences(source->text))
          if (sentence.start <= hit.span.start && hit.span.start < sentence.end) around = sentence;
        lines += source->line.name + "\t" + std::string(trim(study::masked(source->text, around, source->masks).text)) +
                 "\n";
      }
      TRY(put_out(lines));
      return kDone;
    };
  });
}

}  // namespace understory::cli

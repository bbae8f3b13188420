// Code × location over 20,000 codings by 500 respondents at 7 locations, on the engine UNDERSTORY_BENCH_DATABASE names.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "findings/ask.h"
#include "foundation/file.h"
#include "statistics/random.h"
#include "study/default_codebook.h"
#include "study/merge.h"
#include "study/study.h"

namespace understory {

namespace {

struct Bench {
  TemporaryFolder folder;
  std::unique_ptr<storage::Workspace> workspace;
  Id study;

  Bench() {
    const char* database = std::getenv("UNDERSTORY_BENCH_DATABASE");
    auto made = storage::Workspace::create(folder.path() / "w", database ? database : "");
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().sentence().c_str());
      std::exit(1);
    }
    workspace = std::move(*made);
    auto transaction = workspace->write();
    study::NewStudy wanted;
    wanted.study.name = "Bench";
    study = *study::create_study(transaction, wanted);
    study::Material material;
    statistics::Random random(1);
    material.coders = {{"", "A"}, {"", "B"}};
    const study::Material codebook = *study::default_codebook();
    for (const study::MaterialCode& code : codebook.codes) {
      material.codes.push_back(code);
      material.codes.back().reference = true;
    }
    for (int l = 0; l < 7; ++l) material.locations.push_back({"", "Location " + std::to_string(l), ""});
    for (int r = 0; r < 500; ++r) {
      study::MaterialRespondent person;
      person.name = "R-" + std::to_string(r);
      person.location = r % 7;
      person.gender = r % 2 ? "female" : "male";
      material.respondents.push_back(person);
      study::MaterialSource source;
      source.name = "S-" + std::to_string(r);
      source.kind = "interview";
      source.location = r % 7;
      source.speakers = {{"", r}};
      source.text = "I: Why?\n\nR: " + std::string(4000, 'a') + std::to_string(r) + "\n";
      material.sources.push_back(source);
    }
    for (int c = 0; c < 20000; ++c) {
      study::MaterialCoding coding;
      coding.source = c % 500;
      coding.code = static_cast<int>(random.below(static_cast<std::uint32_t>(material.codes.size())));
      coding.coder = static_cast<int>(random.below(2));
      coding.span.bytes.start = 12 + random.below(3900);
      coding.span.bytes.end = coding.span.bytes.start + 1 + random.below(90);
      material.codings.push_back(coding);
    }
    const auto merged = study::merge(transaction, study, material, {});
    if (!merged) {
      std::fprintf(stderr, "%s\n", merged.error().sentence().c_str());
      std::exit(1);
    }
    transaction.commit();
  }
};

Bench& bench() {
  static Bench made;
  return made;
}

findings::Question question(const char* text) { return *findings::parse_question(text); }

void load(benchmark::State& state) {
  auto transaction = bench().workspace->read();
  for (auto _ : state) benchmark::DoNotOptimize(study::load_evidence(transaction, bench().study));
}
void ask(benchmark::State& state, const char* text) {
  auto transaction = bench().workspace->read();
  const study::Evidence evidence = study::load_evidence(transaction, bench().study);
  const findings::Question asked = question(text);
  for (auto _ : state) benchmark::DoNotOptimize(findings::ask(evidence, asked));
}

BENCHMARK(load)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, counts_main_codes, "causes draws 0")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, counts_every_code, "causes level all draws 0")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, draws_main_codes, "causes draws 2000")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, draws_every_code, "causes level all draws 2000")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, agreement, "agreement draws 2000")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask, cooccurrence, "cooccurrence")->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace understory

BENCHMARK_MAIN();

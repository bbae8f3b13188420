// Runs a fuzz target without libFuzzer: its seeds, and each with bytes flipped, cut and doubled in a fixed way.
// With --write FOLDER it only puts the seeds there, for libFuzzer to begin with.
#include <cstdio>
#include <cstring>
#include <fstream>

#include "fuzz.h"
#include "statistics/random.h"

int main(int count, char** arguments) {
  if (count == 3 && std::strcmp(arguments[1], "--write") == 0) {
    int number = 0;
    for (const std::string& seed : fuzz_seeds())
      std::ofstream(std::string(arguments[2]) + "/seed-" + std::to_string(number++), std::ios::binary) << seed;
    return 0;
  }
  understory::statistics::Random random(1);
  int tried = 0;
  const auto try_one = [&](const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    ++tried;
  };
  for (const std::string& seed : fuzz_seeds()) {
    try_one(seed);
    for (int round = 0; round < 150 && !seed.empty(); ++round) {
      std::string changed = seed;
      for (std::uint32_t i = 1 + random.below(4); i > 0; --i) {
        const std::size_t at = random.below(static_cast<std::uint32_t>(changed.size()));
        switch (random.below(4)) {
          case 0: changed[at] = static_cast<char>(random.below(256)); break;
          case 1: changed.erase(at, 1 + random.below(8)); break;
          case 2: changed.insert(at, changed.substr(at, 1 + random.below(16))); break;
          default: changed[at] = static_cast<char>(changed[at] ^ (1 << random.below(8)));
        }
        if (changed.empty()) changed = "x";
      }
      try_one(changed);
    }
  }
  std::printf("%d inputs\n", tried);
}

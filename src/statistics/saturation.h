// Do new interviews still bring new themes? Guest, Namey & Chen 2020 (PLoS ONE 15:e0232076): new codes in the last run
// of interviews over the codes of the base, saturated at ≤ 5 % (or 0 %).
#pragma once
#include <vector>

namespace understory::statistics {

struct SaturationRun {
  int end = 0;        // number of sources read when the run is over
  int new_codes = 0;  // first seen in this run
  double ratio = 0;   // over the base
};
struct Saturation {
  int base_codes = 0;               // distinct codes in the first `base` sources
  std::vector<int> cumulative;      // distinct codes after each source
  std::vector<SaturationRun> runs;  // each window of `run` sources after the base, moving on by one source
  int reached = 0;                  // sources read before the first run at or below the threshold; 0: not reached
};
// `codes`: per source, in the order they were told, the codes it names (any numbers ≥ 0, repeats allowed).
// base ≥ 1, run ≥ 1, threshold 0 … 1. Without base codes nothing is reached.
Saturation saturation(const std::vector<std::vector<int>>& codes, int base = 4, int run = 2, double threshold = 0.05);

}  // namespace understory::statistics

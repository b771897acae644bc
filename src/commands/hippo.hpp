// `mlrun hippo`: a signal projected online on HiPPO's polynomials, and read back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands/sampled_signal.hpp"
#include "figure/chart.hpp"
#include "hippo/projection.hpp"

namespace mlrun {

struct HippoRequest {
  std::string signal;  // the name of a built-in one, a file of numbers, or "-": standard input
  std::string column;  // of a .csv: its name or number from 1; "": the first
  hippo::Measure measure = hippo::Measure::kLegS;
  hippo::Discretisation rule = hippo::Discretisation::kBilinear;
  int64_t order = 64;
  std::optional<int64_t> length = {};  // samples; default: all of a file, 1000 of a built-in signal
  std::optional<double> window = {};   // theta, in samples; default: the length, and for LagT a tenth of it
  uint64_t seed = 0;                   // of the random signals
};

struct HippoOutcome {
  std::vector<double> signal;
  std::vector<double> reconstruction, weight;  // of every sample; 0 where the measure does not reach
  std::vector<double> coefficients;
  double window = 0;
  hippo::ReconstructionError error;
};

// Error(kUsage) for a signal that is neither built in nor a file; Error(kData) naming the line of what is no number;
// Error(kDiverged) where the discretised system is unstable and the coefficients overflow.
HippoOutcome project_signal(const HippoRequest& request);

// Curves over the samples. The frame is that of the signal and a tenth more: a reconstruction that flies off leaves it,
// and it has no values where the measure does not reach.
enum class HippoCurve { kSignal, kReconstruction };
figure::Chart chart_of(const HippoOutcome& outcome, const std::vector<HippoCurve>& curves);

// "i,signal,reconstruction,weight", a line for every sample.
std::string csv_of(const HippoOutcome& outcome);

}  // namespace mlrun

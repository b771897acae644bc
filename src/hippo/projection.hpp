// A signal projected online, sample by sample, and its history read back from the coefficients.
#pragma once

#include <memory>
#include <span>

#include "hippo/discretise.hpp"
#include "hippo/legs_restriction.hpp"

namespace mlrun::hippo {

// Sample i = 0, 1, .. of a signal is its value over the time from i to i + 1.
class Projection {
 public:
  // theta: in samples; of LegT and LagT.
  Projection(Measure measure, int64_t order, Discretisation rule, double theta);
  void observe(double f);
  const std::vector<double>& coefficients() const { return c_; }

  // How much the measure makes of sample i, now: 0 outside, 1 at most.
  double weight(int64_t i) const;
  // The signal at the middle of sample i as the coefficients have it; `i` where weight(i) > 0 (else 0 is returned).
  double reconstruct(int64_t i) const;

 private:
  void legs(double f);  // O(N): A is a diagonal and a rank-one lower triangle

  Measure measure_;
  Discretisation rule_;
  double theta_;
  int64_t observed_ = 0;
  std::vector<double> c_, scratch_;
  Recurrence fixed_;                              // of LegT and LagT
  std::unique_ptr<LegsRestriction> restriction_;  // of LegS under zero-order hold
};

// Root mean square of reconstruction - signal over the history, weighted as the measure does, and that of the signal.
struct ReconstructionError {
  double rms = 0, signal_rms = 0;
  double relative() const { return signal_rms > 0 ? rms / signal_rms : rms; }
};
ReconstructionError error_of(const Projection& projection, std::span<const double> signal);

}  // namespace mlrun::hippo

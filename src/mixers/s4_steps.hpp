// S4 as a recurrence: the discrete diagonal plus low-rank system of kernels/ssm/dplr.hpp, O(poles) per step.
#pragma once

#include <complex>
#include <vector>

#include "ops/ssm/dplr.hpp"

namespace mlrun {

// Gu, Goel & Re 2022, appendix C.2. With k = dt / 2 and E = 1 / (1 - k Lambda):
//   r = (1 + k Lambda) x - k p (p^* x) + dt b u,   x' = E r - E p phi (p^* E r),   phi = k / (1 + k p^* E p).
class S4Steps {
 public:
  S4Steps() = default;
  explicit S4Steps(const ops::DplrSystem& system);
  Tensor begin(int64_t count) const;  // states, all 0: [count, channels, 2, poles]
  // u [count, channels] -> y, likewise: c x' + d u. y may be u.
  void operator()(Tensor& states, const float* u, int64_t count, float* y) const;
  int64_t channels() const { return channels_; }

 private:
  struct Parts {
    std::vector<float> re, im;
  };
  int64_t channels_ = 0, poles_ = 0;
  // For every channel and pole: 1 + k Lambda, k p, p, dt b, E, E p phi, c.
  Parts forth_, kp_, p_, input_, back_, correction_, c_;
  std::vector<float> d_;
};

}  // namespace mlrun

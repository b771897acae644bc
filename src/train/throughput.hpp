// How fast examples are trained on: those there were over the time of their steps, evaluations and saves left out.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mlrun {

struct Throughput {
  int64_t examples = 0;
  double seconds = 0;
  double rate_since(const Throughput& before) const {  // examples a second
    return static_cast<double>(examples - before.examples) / std::max(1e-9, seconds - before.seconds);
  }
};

// The rate that is shown while training goes on: over the last half second or so of steps; 0 before that.
class ShownRate {
 public:
  double rate_at(const Throughput& now) {
    if (now.seconds - last_.seconds >= 0.5) {
      rate_ = now.rate_since(last_);
      last_ = now;
    }
    return rate_;
  }

 private:
  Throughput last_;
  double rate_ = 0;
};

}  // namespace mlrun

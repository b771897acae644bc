// The one line that tells how far a training run is.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace mlrun::cli {

struct Progress {
  int64_t step = 0, total_steps = 0;  // total 0: not known
  double fraction = NAN;              // done, 0 to 1; NaN: not known
  std::string figure = "nll";         // what `nats` is: "nll", or "loss" where that is more than the NLL
  double nats = NAN;                  // per example
  double lr = NAN, gradient_norm = NAN;
  double items_per_s = 0;  // 0: not known yet
  double eta = NAN;        // seconds; NaN: not known
  std::string item = "item";
};

// " [##--------------------]  7%  step 1730/25000  nll 95.12  lr 1.0e-3  |g| 2.31  41.8k img/s  eta 0:56" in less than
// `width` characters (the last column stays free, or terminals wrap): first the bar gets shorter, then figures go.
std::string progress_bar(const Progress& progress, int width);
// The same without a bar and with every figure, for log files.
std::string progress_text(const Progress& progress);

std::string print_nll(double nats);                     // "131.42", below ten "0.6931", "-" for NaN
std::string print_short(double value, int digits = 2);  // "1.0e-3": that many significant digits

// Steps per second with a memory of about a minute, pauses for evaluations included: what an ETA should count on.
class Pace {
 public:
  void start(double now, int64_t step);
  void add(double now, int64_t step);
  double seconds_per_step() const { return steps_ > 0 ? seconds_ / steps_ : NAN; }

 private:
  double last_ = 0;
  int64_t last_step_ = 0;
  double seconds_ = 0, steps_ = 0;  // exponentially forgotten sums
};

}  // namespace mlrun::cli

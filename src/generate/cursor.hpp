// A place in sequences that a model goes over: on by stretches of symbols, and back. For every model: where it has a form
// over a stretch at once, or can go back by itself, that is used; elsewhere it makes steps, and goes back by beginning
// anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/model.hpp"

namespace mlrun {

class Cursor {
 public:
  // `begin` makes a stepper of `count` sequences before their first position, and is called again for each way back that
  // a stepper cannot go.
  using Begin = std::function<std::unique_ptr<Stepper>()>;
  Cursor(Begin begin, int64_t count, int64_t alphabet);

  // Of the next position: [count, logits_per_step(alphabet)].
  void logits(float* out);
  // Observes symbols [length, count]; `out`, where it is not null, takes the logits after each of them [length, count,
  // ..], and then a position must follow the last.
  void extend(const int32_t* symbols, int64_t length, float* out);
  void observe(const int32_t* symbols) { extend(symbols, 1, nullptr); }
  // Remembers this place, and comes back to it, or to `kept` symbols behind it (Stepper::rewind), as often as wanted.
  void mark();
  void rewind(int64_t kept = 0);
  void head_logits(int64_t k, int32_t symbol, float* out) { stepper_->head_logits(k, symbol, out); }

 private:
  void step(const int32_t* symbols, int64_t length, float* out);

  Begin begin_;
  int64_t count_, width_;
  std::unique_ptr<Stepper> stepper_;
  std::vector<float> last_;  // logits of the next position, where they were asked for: some steppers compute in it
  bool asked_ = false, marked_asked_ = false;
  std::vector<int32_t> seen_;  // [., count], of a stepper that cannot go back
  size_t marked_ = 0;
  std::vector<float> marked_last_;
};

}  // namespace mlrun

// Update rules. One step is a pass over ranges of flat memory; which range runs on which thread does not matter.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "config/registry.hpp"

namespace mlrun {

struct UpdateStep {
  int64_t number = 1;        // counts from 1 (bias correction)
  double lr_factor = 1;      // of the schedule, times the optimizer's own lr
  float gradient_scale = 1;  // clipping
  bool decay = true;         // whether weight decay applies to this range
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual double lr() const = 0;
  virtual std::vector<std::string> slots() const = 0;  // arenas it keeps: "m", "v"; all start at 0
  // w[i] from g[i] for the range; slots[k] are the arenas of slots(), all of the layout of w.
  virtual void update(const UpdateStep& step, Range range, float* w, const float* g,
                      std::span<float* const> slots) const = 0;
};

using OptimizerRegistry = config::Registry<Optimizer>;
OptimizerRegistry& optimizer_kinds();
template <class T>
bool register_optimizer(const std::string& name, const std::string& summary) {
  return optimizer_kinds().add<T>(name, summary);
}

}  // namespace mlrun

// Update rules. One step is a pass over ranges of flat memory; which range runs on which thread does not matter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/registry.hpp"
#include "kernels/optimizer.hpp"

namespace mlrun {

struct UpdateStep {
  int64_t number = 1;          // counts from 1 (bias correction)
  double lr = 0;               // after the schedule
  bool decay = true;           // whether weight decay applies to this range
  kernels::UpdateScale scale;  // clipping; decay of the moving average
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual double lr() const = 0;
  // Arenas it keeps, in the order of ParameterSlice::first and second: {"m", "v"}; all start at 0.
  virtual std::vector<std::string> slots() const = 0;
  virtual void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const = 0;
};

using OptimizerRegistry = config::Registry<Optimizer>;
OptimizerRegistry& optimizer_kinds();
template <class T>
bool register_optimizer(const std::string& name, const std::string& summary) {
  return optimizer_kinds().add<T>(name, summary);
}

// Fields that every update rule has.
struct OptimizerOptions {
  OptimizerOptions(config::Reader& reader, double default_lr);
  double lr, weight_decay;
};

}  // namespace mlrun

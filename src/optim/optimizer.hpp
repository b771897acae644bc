// Update rules. One step is a pass over ranges of flat memory; which range runs on which thread does not matter. A rule
// that sees a parameter as a matrix first puts a direction in the place of its gradient.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/registry.hpp"
#include "kernels/optimizer/optimizer.hpp"
#include "nn/parameters.hpp"

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
  // Arenas it keeps, any number of them, by name and in the order of ParameterSlice::slots: {"m", "v"}; all start at 0.
  virtual std::vector<std::string> slots() const = 0;
  virtual void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const = 0;

  // Once, at first: what a rule keeps of its own beside the slots, by name, as it is before the first step, each of one
  // parameter. Checkpoints write it, and read into it.
  struct Matrix {
    std::string name;
    Tensor value;
    size_t parameter;  // its index
  };
  using Matrices = std::vector<Matrix>;
  virtual Matrices make_matrices(const ParameterArena&) { return {}; }
  // Before the update, where preconditions() says so: the windows of parameter `index` in the arena of gradients and in
  // those of the slots. Each parameter once a step, on any thread.
  virtual bool preconditions() const { return false; }
  virtual void precondition(const UpdateStep&, size_t /*index*/, Tensor& /*gradient*/, std::span<Tensor> /*slots*/) {}
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

// And of Adam's kin.
struct MomentOptions : OptimizerOptions {
  MomentOptions(config::Reader& reader, double default_lr, std::vector<double> default_betas);
  std::vector<double> betas;
  double eps;
};

}  // namespace mlrun

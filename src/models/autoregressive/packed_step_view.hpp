// The step view of a network whose weights are arranged once, for any number of steppers.
#pragma once

#include <memory>
#include <utility>

#include "models/model.hpp"

namespace mlrun {

// T is the stepper, made from (network, count, labels).
template <class Network, class T>
class PackedStepView : public StepView {
 public:
  explicit PackedStepView(Network network, int64_t sequences_at_once = 0, double products_per_step = 0)
      : network_(std::move(network)), sequences_at_once_(sequences_at_once), products_per_step_(products_per_step) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    return std::make_unique<T>(network_, count, labels);
  }
  int64_t sequences_at_once() const override { return sequences_at_once_; }
  double products_per_step() const override { return products_per_step_; }

 private:
  Network network_;
  int64_t sequences_at_once_;
  double products_per_step_;
};

}  // namespace mlrun

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
  explicit PackedStepView(Network network) : network_(std::move(network)) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    return std::make_unique<T>(network_, count, labels);
  }

 private:
  Network network_;
};

}  // namespace mlrun

// Learning-rate schedules: a factor for every step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/period.hpp"
#include "config/registry.hpp"

namespace mlrun {

// The length of the training, as far as it is known before it starts.
struct TrainingLength {
  int64_t total_steps = 0;  // 0: unknown (train.for is in minutes)
  int64_t steps_per_epoch = 1;
  // Of a period of steps or epochs; one of minutes has no number of steps.
  int64_t steps_of(const config::Period& period) const {
    return period.count() * (period.unit == config::Period::Unit::kEpochs ? steps_per_epoch : 1);
  }
};

class Schedule {
 public:
  virtual ~Schedule() = default;
  // For step 0, 1, 2, ...: the factor on the optimizer's lr.
  virtual double factor(int64_t step, const TrainingLength& length) const = 0;
  virtual bool needs_total() const = 0;  // whether factor() needs total_steps
};

using ScheduleRegistry = config::Registry<Schedule>;
ScheduleRegistry& schedule_kinds();
template <class T>
bool register_schedule(const std::string& name, const std::string& summary) {
  return schedule_kinds().add<T>(name, summary);
}

}  // namespace mlrun

#include "mixers/time_steps.hpp"

#include <cmath>

namespace mlrun {
namespace {

Initialiser each(const TimeSteps& steps, double (*of_logarithm)(double)) {
  return [low = std::log(steps.least), range = std::log(steps.greatest / steps.least), of_logarithm](
             Tensor& value, const RandomStream& noise) {
    for (int64_t i = 0; i < value.count(); ++i) {
      value.data<float>()[i] = static_cast<float>(of_logarithm(low + range * noise.uniform(static_cast<uint64_t>(i))));
    }
  };
}

}  // namespace

TimeSteps::TimeSteps(config::Reader& reader)
    : least(reader.real(
          "dt_min",
          {.help = "shortest time step at first", .min = 0, .max = 1000, .exclusive_min = true, .fallback = 1e-3})),
      greatest(reader.real(
          "dt_max",
          {.help = "longest time step at first", .min = 0, .max = 1000, .exclusive_min = true, .fallback = 0.1})) {
  if (least > greatest)
    reader.mistake("dt_max", "the longest time step is shorter than dt_min", "a dt_max of at least dt_min");
}

Initialiser TimeSteps::logarithms() const {
  return each(*this, [](double log_dt) { return log_dt; });
}

Initialiser TimeSteps::softplus_bias() const {
  return each(*this, [](double log_dt) {
    const double dt = std::exp(log_dt);
    return dt + std::log(-std::expm1(-dt));
  });
}

kernels::Discretisation read_discretisation(config::Reader& reader) {
  return reader.one_of<kernels::Discretisation>(
      "discretisation",
      {{"zoh", kernels::Discretisation::kZeroOrderHold}, {"bilinear", kernels::Discretisation::kBilinear}},
      {.help = "from continuous time to steps: zero-order hold or bilinear", .fallback = "zoh"});
}

}  // namespace mlrun

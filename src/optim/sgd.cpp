// Stochastic gradient descent, with momentum (Sutskever et al. 2013).
#include "optim/optimizer.hpp"

namespace mlrun {
namespace {

class Sgd : public Optimizer {
 public:
  struct Options : OptimizerOptions {
    explicit Options(config::Reader& reader)
        : OptimizerOptions(reader, 0.01),
          momentum(reader.real(
              "momentum", {.help = "of the velocity", .min = 0, .max = 1, .exclusive_max = true, .fallback = 0.0})),
          nesterov(reader.boolean("nesterov", {.help = "look ahead along the velocity", .fallback = false})) {
      if (nesterov && momentum == 0)
        reader.mistake("nesterov", "nesterov needs momentum", "set optim.momentum, for instance to 0.9");
    }
    double momentum;
    bool nesterov;
  };

  explicit Sgd(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override {
    return options_.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{};
  }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    const double decay = step.decay ? options_.weight_decay : 0;
    kernels::update(
        kernels::Sgd{
            .lr = step.lr, .momentum = options_.momentum, .weight_decay = decay, .nesterov = options_.nesterov},
        step.scale, slice);
  }

 private:
  Options options_;
};

[[maybe_unused]] const bool registered =
    register_optimizer<Sgd>("sgd", "Stochastic gradient descent, momentum, Nesterov");

}  // namespace
}  // namespace mlrun

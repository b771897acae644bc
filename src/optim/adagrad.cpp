// Adagrad (Duchi et al. 2011).
#include "optim/optimizer.hpp"

namespace mlrun {
namespace {

class Adagrad : public Optimizer {
 public:
  struct Options : OptimizerOptions {
    explicit Options(config::Reader& reader)
        : OptimizerOptions(reader, 0.01),
          lr_decay(
              reader.real("lr_decay", {.help = "lr is divided by 1 + steps * lr_decay", .min = 0, .fallback = 0.0})),
          eps(reader.real("eps", {.help = "added to the root of the sum of squares",
                                  .min = 0,
                                  .exclusive_min = true,
                                  .fallback = 1e-10})) {}
    double lr_decay, eps;
  };

  explicit Adagrad(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override { return {"squares"}; }
  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    kernels::update(kernels::Adagrad{.lr = step.lr,
                                     .lr_decay = options_.lr_decay,
                                     .eps = options_.eps,
                                     .weight_decay = step.decay ? options_.weight_decay : 0,
                                     .step = step.number},
                    step.scale, slice);
  }

 private:
  Options options_;
};

[[maybe_unused]] const bool registered = register_optimizer<Adagrad>("adagrad", "Adagrad (Duchi et al. 2011)");

}  // namespace
}  // namespace mlrun

// Masked autoencoder for distribution estimation (Germain et al. 2015).
//
// A multi-layer perceptron from x to all logits in which every unit has a degree, and a unit sees only units of lower
// (hidden: not higher) degree, so that logit t depends on the first t positions alone (eqs. 8-9, 12-13). With `masks: n`
// training cycles through n draws of the degrees (and orders), and the model is their mixture.
#include <fmt/format.h>

#include "models/autoregressive/made_network.hpp"
#include "models/hidden_activation.hpp"
#include "models/order.hpp"

namespace mlrun {
namespace {

struct MadeOptions {
  explicit MadeOptions(config::Reader& reader)
      : hidden(reader.integers("hidden", {.help = "units of each hidden layer",
                                          .min = 1,
                                          .max = 1 << 20,
                                          .min_size = 1,
                                          .max_size = 16,
                                          .fallback = {{500}}})),
        masks(reader.integer("masks",
                             {.help = "draws of the degrees that training cycles through (1: evenly spaced degrees)",
                              .min = 1,
                              .max = 4096,
                              .fallback = 1})),
        order(read_order(reader)),
        condition(read_condition(reader)),
        direct(reader.boolean("direct", {.help = "direct connections from input to output", .fallback = false})),
        activation(read_hidden_activation(reader)) {}
  std::vector<int64_t> hidden;
  int64_t masks;
  OrderKind order;
  Condition condition;
  bool direct;
  kernels::Function activation;
};

class Made : public AutoregressiveModel {
 public:
  using Options = MadeOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 50}; }

  Made(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope) {
    for (int64_t c = 0; c < options.masks; ++c) {
      orders_.push_back(make_order(options.order, data, scope, c));
      record_order(scope, c == 0 ? "order" : fmt::format("order_{}", c), orders_.back());
    }
    const MadeShape shape = {options.hidden,   options.activation, options.direct,
                             data.positions(), data.alphabet,      classes()};
    network_ = options.masks == 1 ? made_of_one_mask(shape, scope) : made_of_masks(shape, orders_, scope);
  }

  int64_t components() const override { return static_cast<int64_t>(orders_.size()); }
  const std::vector<int64_t>& order(int64_t component) const override {
    return orders_[static_cast<size_t>(component)];
  }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    const Tensor labels = conditional() ? labels_of(batch) : Tensor();
    return shape_as_logits((*network_)(pass, batch.symbols, labels, component), data());
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t component) const override {
    return make_staircase_step_view(network_->in_order_of_degrees(component));
  }

 protected:
  Layout network_layout() const override { return network_->layout(); }

 private:
  std::vector<std::vector<int64_t>> orders_;  // [component][step]
  std::unique_ptr<MadeNetwork> network_;
};

[[maybe_unused]] const bool registered = register_model<Made>("made", "Masked autoencoder (Germain et al. 2015)");

}  // namespace
}  // namespace mlrun

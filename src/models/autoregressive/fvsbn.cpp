// Fully visible sigmoid belief network (Neal 1992; Frey 1998): logit_t = b_t + sum_{s<t} W_ts x_s.
//
// Logistic regression of every position on all that came before: the simplest autoregressive model, and the yardstick.
// In visiting order the weight is strictly lower triangular, so half of all work is skipped. A label adds the columns
// of its one-hot code in front.
#include <fmt/format.h>

#include "models/autoregressive/staircase_network.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/staircase.hpp"

namespace mlrun {
namespace {

class Fvsbn : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader) : order(read_order(reader)), condition(read_condition(reader)) {}
    OrderKind order;
    Condition condition;
  };
  static Facts facts(const Options&) { return {.examples_per_lane = 50}; }

  Fvsbn(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope), order_(make_order(options.order, data, scope)) {
    const int64_t d = data.positions(), width = logits_per_step(data.alphabet);
    const int64_t inputs = classes() + d * width;  // the label, then the positions
    std::vector<int64_t> limits;
    for (int64_t r = 0; r < d * width; ++r) limits.push_back(classes() + r / width * width);
    staircase_ = make_staircase(std::move(limits), inputs);
    record_order(scope, "order", order_);
    weight_ = scope.parameter("weight", {d * width, inputs}, "out,in", ParameterKind::kWeight, initialise::zeros(),
                              inside_of(*staircase_));
    bias_ = scope.parameter("bias", {d * width}, "out", ParameterKind::kBias, initialise::zeros());
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    const Tensor x =
        encode_symbols(batch.symbols, data().alphabet, conditional() ? labels_of(batch) : Tensor(), classes());
    const Variable y = ops::staircase_linear(x, pass(weight_), pass(bias_), staircase_);
    return shape_as_logits(y, data());
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    StaircaseNetwork network;
    network.positions = data().positions();
    network.alphabet = data().alphabet;
    network.classes = classes();
    network.output = {weight_.value(), bias_.value(), staircase_->limits(), {}};
    return make_staircase_step_view(std::move(network));
  }

 protected:
  Layout network_layout() const override {
    const int64_t width = logits_per_step(data().alphabet);
    Layout layout;
    layout.line(fmt::format("h = {}for each step its symbol{}",
                            classes() > 0 ? fmt::format("the label, one-hot of {}, then ", classes()) : "",
                            width == 1 ? " as 0 or 1" : fmt::format(", one-hot of {}", width)));
    layout.line(
        "l = weight @ h + bias; weights are stored in visiting order, and are 0 where a step would see itself or "
        "what comes later");
    layout.tensor("order", "position of each step");
    layout.tensor("weight", fmt::format("rows: {} for each step; columns: as h", width));
    return layout.tensor("bias", "as the rows of weight");
  }

 private:
  std::vector<int64_t> order_;
  ops::StaircasePtr staircase_;
  Parameter weight_, bias_;
};

[[maybe_unused]] const bool registered =
    register_model<Fvsbn>("fvsbn", "Fully visible sigmoid belief network (Frey 1998)");

}  // namespace
}  // namespace mlrun

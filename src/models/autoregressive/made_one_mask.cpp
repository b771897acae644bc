// One mask: the degrees of each hidden layer are evenly spaced and rise with the unit, so weights are staircases as they
// stand in memory.
#include <utility>

#include "models/autoregressive/made_network.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

class OneMask : public MadeNetwork {
 public:
  OneMask(const MadeShape& shape, const Scope& scope) : shape_(shape) {
    const int64_t least = shape.least_degree(), degrees = shape.most_degree() + 1 - least;
    degrees_.push_back(degrees_of_inputs(shape));
    for (const int64_t units : shape.hidden) {
      Degrees of_layer;
      for (int64_t k = 0; k < units; ++k) of_layer.push_back(least + k * degrees / units);
      record_degrees(scope, static_cast<int64_t>(degrees_.size()) - 1, {of_layer});
      degrees_.push_back(std::move(of_layer));
    }
    degrees_.push_back(degrees_of_outputs(shape));
    for (int64_t l = 0; l < shape.layers(); ++l) {
      const Degrees &columns = degrees_[static_cast<size_t>(l)], &rows = degrees_[static_cast<size_t>(l) + 1];
      const auto in = static_cast<int64_t>(columns.size()), out = static_cast<int64_t>(rows.size());
      const Scope layer = scope_of_layer(scope, shape, l);
      staircases_.push_back(make_staircase(limits_of(rows, columns), in));
      weights_.push_back(layer.parameter("weight", {out, in}, "out,in", ParameterKind::kWeight,
                                         on_staircase(staircases_.back(), initialiser_of_layer(shape, l, in)),
                                         inside_of(*staircases_.back())));
      biases_.push_back(layer.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros()));
    }
    if (!shape.direct) return;
    direct_staircase_ = make_staircase(limits_of(degrees_.back(), degrees_.front()), shape.inputs());
    direct_ = (scope / "direct")
                  .parameter("weight", {shape.outputs(), shape.inputs()}, "out,in", ParameterKind::kWeight,
                             initialise::zeros(), inside_of(*direct_staircase_));
  }

  Variable operator()(Pass& pass, const Tensor& symbols, const Tensor& labels, int64_t) const override {
    const Variable x = encode_symbols(symbols, shape_.alphabet, labels, shape_.classes);
    Variable h = x;
    for (size_t l = 0; l < weights_.size(); ++l) {
      if (l > 0) h = ops::activation(shape_.activation, h);
      h = ops::staircase_linear(h, pass(weights_[l]), pass(biases_[l]), staircases_[l]);
    }
    return shape_.direct ? ops::add(h, ops::staircase_linear(x, pass(direct_), {}, direct_staircase_)) : h;
  }

  StaircaseNetwork in_order_of_degrees(int64_t) const override {
    StaircaseNetwork network = without_layers(shape_);
    for (size_t l = 0; l < weights_.size(); ++l) {
      StaircaseLayer layer = {weights_[l].value(), biases_[l].value(), staircases_[l]->limits(), {}};
      if (l + 1 < weights_.size()) {
        layer.begin = first_units(degrees_[l + 1], shape_.positions);
        network.hidden.push_back(std::move(layer));
      } else {
        network.output = std::move(layer);
      }
    }
    if (shape_.direct) network.direct = direct_.value();
    return network;
  }

  Layout layout() const override {
    Layout layout = layout_of_layers(shape_, "step");
    layout.line("weights are stored in visiting order, and are 0 where the mask is");
    return layout;
  }

 private:
  MadeShape shape_;
  std::vector<Degrees> degrees_;  // of the inputs, the hidden layers, the outputs
  std::vector<ops::StaircasePtr> staircases_;
  ops::StaircasePtr direct_staircase_;
  std::vector<Parameter> weights_, biases_;
  Parameter direct_;
};

}  // namespace

std::unique_ptr<MadeNetwork> made_of_one_mask(const MadeShape& shape, const Scope& scope) {
  return std::make_unique<OneMask>(shape, scope);
}

}  // namespace mlrun

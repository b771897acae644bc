// Several masks: degrees are drawn anew for each, and the weights, which all of them share, stand in the order of the
// data and are multiplied by a matrix of 0 and 1.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/autoregressive/made_network.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

// Row i in the order of degrees is row permutation[i] of what is stored.
using Permutation = std::vector<int64_t>;

// A vector or matrix with its rows (and columns, where some are given) in another order.
Tensor arranged(const Tensor& t, const Permutation& rows, const Permutation& columns = {}) {
  const int64_t n = t.dim(0), width = t.count() / n;
  Tensor out(t.shape());
  for (int64_t i = 0; i < n; ++i) {
    const float* from = t.data<float>() + rows[static_cast<size_t>(i)] * width;
    float* to = out.data<float>() + i * width;
    for (int64_t j = 0; j < width; ++j) to[j] = from[columns.empty() ? j : columns[static_cast<size_t>(j)]];
  }
  return out;
}

Permutation by_degree(const Degrees& degrees) {
  Permutation p(degrees.size());
  std::iota(p.begin(), p.end(), int64_t{0});
  std::stable_sort(p.begin(), p.end(), [&](int64_t a, int64_t b) {
    return degrees[static_cast<size_t>(a)] < degrees[static_cast<size_t>(b)];
  });
  return p;
}

Degrees sorted(Degrees degrees) {
  std::sort(degrees.begin(), degrees.end());
  return degrees;
}

// [rows, columns]: 1 where the column's degree is not above the row's.
Tensor mask_of(const Degrees& rows, const Degrees& columns) {
  Tensor mask({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
  float* to = mask.data<float>();
  for (const int64_t r : rows) {
    for (const int64_t c : columns) *to++ = c <= r ? 1.0f : 0.0f;
  }
  return mask;
}

class Masks : public MadeNetwork {
 public:
  Masks(const MadeShape& shape, std::vector<std::vector<int64_t>> orders, const Scope& scope)
      : shape_(shape), orders_(std::move(orders)) {
    for (size_t c = 0; c < orders_.size(); ++c) degrees_.push_back(draw_degrees(scope, c));
    for (size_t l = 0; l < shape.hidden.size(); ++l) {
      std::vector<Degrees> of_components;
      for (const std::vector<Degrees>& all : degrees_) of_components.push_back(all[l + 1]);
      record_degrees(scope, static_cast<int64_t>(l), of_components);
    }
    for (int64_t l = 0; l < shape.layers(); ++l) {
      const auto in = static_cast<int64_t>(degrees_[0][static_cast<size_t>(l)].size()),
                 out = static_cast<int64_t>(degrees_[0][static_cast<size_t>(l) + 1].size());
      const Scope layer = scope_of_layer(scope, shape, l);
      weights_.push_back(
          layer.parameter("weight", {out, in}, "out,in", ParameterKind::kWeight, initialiser_of_layer(shape, l, in)));
      biases_.push_back(layer.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros()));
    }
    if (!shape.direct) return;
    direct_ = (scope / "direct")
                  .parameter("weight", {shape.outputs(), shape.inputs()}, "out,in", ParameterKind::kWeight,
                             initialise::zeros());
  }

  Variable operator()(Pass& pass, const Tensor& symbols, const Tensor& labels, int64_t component) const override {
    const auto c = static_cast<size_t>(component);
    const std::vector<Degrees>& degrees = degrees_[c];
    const Variable x = encode_symbols(in_stored_order(symbols, orders_[c]), shape_.alphabet, labels, shape_.classes);
    Variable h = x;
    for (size_t l = 0; l < weights_.size(); ++l) {
      if (l > 0) h = ops::activation(shape_.activation, h);
      h = ops::masked_linear(h, pass(weights_[l]), pass(biases_[l]), mask_of(degrees[l + 1], degrees[l]));
    }
    if (shape_.direct)
      h = ops::add(h, ops::masked_linear(x, pass(direct_), {}, mask_of(degrees.back(), degrees.front())));
    return ops::take_groups(h, orders_[c], shape_.width());
  }

  // What the mask forbids is left as it is: a sweep over a staircase never looks at it.
  StaircaseNetwork in_order_of_degrees(int64_t component) const override {
    const std::vector<Degrees>& degrees = degrees_[static_cast<size_t>(component)];
    StaircaseNetwork network = without_layers(shape_);
    const Permutation inputs = by_degree(degrees.front()), outputs = by_degree(degrees.back());
    Permutation below = inputs;
    for (size_t l = 0; l < weights_.size(); ++l) {
      const Permutation rows = by_degree(degrees[l + 1]);
      const Degrees of_rows = sorted(degrees[l + 1]);
      StaircaseLayer layer = {arranged(weights_[l].value(), rows, below),
                              arranged(biases_[l].value(), rows),
                              limits_of(of_rows, sorted(degrees[l])),
                              {}};
      if (l + 1 < weights_.size()) {
        layer.begin = first_units(of_rows, shape_.positions);
        network.hidden.push_back(std::move(layer));
      } else {
        network.output = std::move(layer);
      }
      below = rows;
    }
    if (shape_.direct) network.direct = arranged(direct_.value(), outputs, inputs);
    return network;
  }

  Layout layout() const override {
    Layout layout = layout_of_layers(shape_, "position");
    layout.line(
        "every weight is multiplied by its mask, 1 where the degree of the column <= that of the row and 0 "
        "elsewhere; the degree of h_0 at the position of step t is t + 1 (of the label 0), of a hidden unit "
        "hidden_i/degrees[c], of an output of step t it is t");
    layout.line("these l are by position, l[order[t]] is that of step t");
    return layout;
  }

 private:
  // Of every layer, inputs and outputs among them, as stored.
  std::vector<Degrees> draw_degrees(const Scope& scope, size_t component) const {
    const auto by_position = [&](const Degrees& by_step) {  // the label first, where there is one
      const int64_t width = shape_.width(), label = static_cast<int64_t>(by_step.size()) - shape_.outputs();
      Degrees stored = by_step;
      for (int64_t t = 0; t < shape_.positions; ++t) {
        std::copy_n(by_step.begin() + label + t * width, width,
                    stored.begin() + label + orders_[component][static_cast<size_t>(t)] * width);
      }
      return stored;
    };
    std::vector<Degrees> all = {by_position(degrees_of_inputs(shape_))};
    int64_t least = shape_.least_degree();
    for (size_t l = 0; l < shape_.hidden.size(); ++l) {
      const RandomStream noise = scope.random(fmt::format("degrees/{}", l)).at(static_cast<uint64_t>(component));
      const auto different = static_cast<uint64_t>(shape_.most_degree() + 1 - least);
      Degrees degrees;
      for (int64_t k = 0; k < shape_.hidden[l]; ++k)
        degrees.push_back(least + static_cast<int64_t>(noise.below(static_cast<uint64_t>(k), different)));
      // A unit of a degree below all of the next layer's inputs would see nothing.
      least = *std::min_element(degrees.begin(), degrees.end());
      all.push_back(std::move(degrees));
    }
    all.push_back(by_position(degrees_of_outputs(shape_)));
    return all;
  }

  MadeShape shape_;
  std::vector<std::vector<int64_t>> orders_;   // [component][step]
  std::vector<std::vector<Degrees>> degrees_;  // [component][inputs, hidden layers, outputs][unit]
  std::vector<Parameter> weights_, biases_;
  Parameter direct_;
};

}  // namespace

std::unique_ptr<MadeNetwork> made_of_masks(const MadeShape& shape, std::vector<std::vector<int64_t>> orders,
                                           const Scope& scope) {
  return std::make_unique<Masks>(shape, std::move(orders), scope);
}

}  // namespace mlrun

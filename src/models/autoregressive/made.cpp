// Masked autoencoder for distribution estimation (Germain et al. 2015).
//
// A multi-layer perceptron from x to all logits in which every unit has a degree, and a unit sees only units of lower
// (hidden: not higher) degree, so that logit t depends on the first t positions alone (eqs. 8-9, 12-13). With one mask
// the units are sorted by degree, which makes every mask a staircase: half of each product is skipped. With `masks: n`
// training cycles through n draws of the degrees (and orders), and the model is their mixture.
#include <fmt/format.h>

#include <algorithm>

#include "models/autoregressive/staircase_network.hpp"
#include "models/hidden_activation.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"
#include "ops/staircase.hpp"

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

using Degrees = std::vector<int64_t>;  // of the units of a layer; input of step t: t + 1, of the label: 0

class Made : public AutoregressiveModel {
 public:
  using Options = MadeOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 50}; }

  Made(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope), options_(options), width_(logits_per_step(data.alphabet)) {
    const int64_t d = data.positions(), layers = static_cast<int64_t>(options.hidden.size());
    for (int64_t c = 0; c < options.masks; ++c) {
      orders_.push_back(make_order(options.order, data, scope, c));
      record_order(scope, c == 0 ? "order" : fmt::format("order_{}", c), orders_.back());
      degrees_.push_back(draw_degrees(scope, c));
    }
    record_degrees(scope);
    int64_t inputs = classes() + d * width_;
    for (int64_t l = 0; l < layers; ++l) {
      const int64_t units = options.hidden[static_cast<size_t>(l)];
      add_layer(scope / fmt::format("hidden_{}", l + 1), units, inputs, l,
                initialise::kaiming_uniform(std::max<int64_t>(1, inputs / 2)));
      inputs = units;
    }
    add_layer(scope / "output", d * width_, inputs, layers, initialise::lecun_uniform(inputs));
    if (options.direct) {
      const Initialiser none = initialise::zeros();
      std::vector<int64_t> limits;
      for (int64_t r = 0; r < d * width_; ++r) limits.push_back(classes() + r / width_ * width_);
      const int64_t columns = classes() + d * width_;
      direct_staircase_ = make_staircase(std::move(limits), columns);
      direct_ = (scope / "direct")
                    .parameter("weight", {d * width_, columns}, "out,in", ParameterKind::kWeight, none,
                               sorted() ? inside_of(*direct_staircase_) : std::vector<Range>());
    }
  }

  int64_t components() const override { return options_.masks; }
  const std::vector<int64_t>& order(int64_t component) const override {
    return orders_[static_cast<size_t>(component)];
  }

  Variable logits(Pass& pass, const Batch& batch, int64_t component) const override {
    const size_t layers = options_.hidden.size();
    // Weights of a single mask live in visiting order; those of several masks live in the data's order.
    const Variable x = encode_symbols(sorted() ? ordered_symbols(batch, component) : batch.symbols, data().alphabet,
                                      conditional() ? labels_of(batch) : Tensor(), classes());
    Variable h = x;
    for (size_t l = 0; l < layers; ++l) h = ops::activation(options_.activation, connect(pass, h, l, component));
    Variable y = connect(pass, h, layers, component);
    if (options_.direct) {
      const Variable through = sorted() ? ops::staircase_linear(x, pass(direct_), {}, direct_staircase_)
                                        : ops::masked_linear(x, pass(direct_), {}, mask(component, -1));
      y = ops::add(y, through);
    }
    if (!sorted()) y = ops::take_groups(y, order(component), width_);
    return shape_as_logits(y, data());
  }

  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t component) const override {
    StaircaseNetwork network;
    network.positions = data().positions();
    network.alphabet = data().alphabet;
    network.classes = classes();
    network.activation = options_.activation;
    Permutation below = sorted_inputs(component);
    const size_t layers = options_.hidden.size();
    for (size_t l = 0; l <= layers; ++l) {
      const Permutation rows = l < layers ? sorted_units(component, l) : sorted_outputs(component);
      StaircaseLayer layer = {arranged(weights_[l].value(), rows, below), arranged(biases_[l].value(), rows), {}, {}};
      layer.limits = staircase(component, l)->limits();
      if (l < layers) {
        layer.begin = first_units(component, l);
        network.hidden.push_back(std::move(layer));
      } else {
        network.output = std::move(layer);
      }
      below = rows;
    }
    if (options_.direct)
      network.direct = arranged(direct_.value(), sorted_outputs(component), sorted_inputs(component));
    return make_staircase_step_view(std::move(network));
  }

 protected:
  Layout network_layout() const override {
    const std::string symbol = width_ == 1 ? "its symbol as 0 or 1" : fmt::format("its symbol, one-hot of {}", width_);
    const std::string label = classes() > 0 ? fmt::format("the label, one-hot of {}, then ", classes()) : "";
    const char* f = name_of_hidden_activation(options_.activation);
    Layout layout;
    layout.line(fmt::format("h_0 = {}for each {} {}", label, sorted() ? "step" : "position", symbol));
    layout.line(
        fmt::format("h_i = {}(hidden_i/weight @ h_{{i-1}} + hidden_i/bias), i = 1 .. {}", f, options_.hidden.size()));
    layout.line(fmt::format("l = output/weight @ h_{} + output/bias{}", options_.hidden.size(),
                            options_.direct ? " + direct/weight @ h_0" : ""));
    if (sorted()) {
      layout.line("weights are stored in visiting order, and are 0 where the mask is");
    } else {
      layout.line(
          "every weight is multiplied by its mask, 1 where the degree of the column <= that of the row and 0 "
          "elsewhere; the degree of h_0 at the position of step t is t + 1 (of the label 0), of a hidden unit "
          "hidden_i/degrees[c], of an output of step t it is t");
      layout.line("these l are by position, l[order[t]] is that of step t");
    }
    layout.tensor("order", "position of each step (component 0)")
        .tensor("order_*", "position of each step, of component *");
    layout.tensor("hidden_*/weight", "of layer *").tensor("hidden_*/bias", "of layer *");
    layout.tensor("hidden_*/degrees", "component, unit: how many steps a unit may see (the label is seen by all)");
    layout.tensor("output/weight", fmt::format("{} rows for each {}", width_, sorted() ? "step" : "position"));
    layout.tensor("output/bias", "as the rows of output/weight");
    return layout.tensor("direct/weight", "rows as those of output/weight, columns as h_0");
  }

 private:
  // Row i of the sorted layer is unit (or input) permutation[i] of the stored one; empty: as stored.
  using Permutation = std::vector<int64_t>;

  bool sorted() const { return options_.masks == 1; }

  std::vector<Degrees> draw_degrees(const Scope& scope, int64_t component) const {
    const int64_t most = std::max<int64_t>(1, data().positions() - 1);
    std::vector<Degrees> all;
    int64_t least = conditional() ? 0 : 1;  // a unit of degree 0 sees the label alone
    for (size_t l = 0; l < options_.hidden.size(); ++l) {
      const int64_t units = options_.hidden[l];
      const RandomStream noise = scope.random(fmt::format("degrees/{}", l)).at(static_cast<uint64_t>(component));
      Degrees degrees(static_cast<size_t>(units));
      for (int64_t k = 0; k < units; ++k) {
        degrees[static_cast<size_t>(k)] =
            sorted() ? least + k * (most + 1 - least) / units
                     : least + static_cast<int64_t>(
                                   noise.below(static_cast<uint64_t>(k), static_cast<uint64_t>(most - least + 1)));
      }
      // A unit of a degree below all of the next layer's inputs would see nothing.
      if (!sorted()) least = *std::min_element(degrees.begin(), degrees.end());
      all.push_back(std::move(degrees));
    }
    return all;
  }

  // Buffers hidden_l/degrees, s32 [components, units].
  void record_degrees(const Scope& scope) const {
    for (size_t l = 0; l < options_.hidden.size(); ++l) {
      std::vector<int32_t> all;
      for (const std::vector<Degrees>& of : degrees_) all.insert(all.end(), of[l].begin(), of[l].end());
      (scope / fmt::format("hidden_{}", l + 1))
          .buffer("degrees", Tensor::of({options_.masks, options_.hidden[l]}, std::move(all)));
    }
  }

  // Degrees of layer l's units in stored order: hidden layers, then (l = layers) the outputs, whose degree is their
  // step.
  Degrees degrees_of(int64_t component, int64_t l) const {
    if (l >= 0 && l < static_cast<int64_t>(options_.hidden.size()))
      return degrees_[static_cast<size_t>(component)][static_cast<size_t>(l)];
    // Inputs (l = -1): the label 0, then 1 + step. Outputs: step, since they may not see their own input.
    const int64_t d = data().positions(), first = l < 0 ? 1 : 0, label = l < 0 ? classes() : 0;
    Degrees degrees(static_cast<size_t>(label + d * width_));
    for (int64_t t = 0; t < d; ++t) {
      const int64_t position = sorted() ? t : order(component)[static_cast<size_t>(t)];
      for (int64_t k = 0; k < width_; ++k) degrees[static_cast<size_t>(label + position * width_ + k)] = t + first;
    }
    return degrees;
  }

  ops::StaircasePtr staircase(int64_t component, size_t l) const {
    Degrees rows = degrees_of(component, static_cast<int64_t>(l)),
            columns = degrees_of(component, static_cast<int64_t>(l) - 1);
    std::sort(rows.begin(), rows.end());
    std::sort(columns.begin(), columns.end());
    std::vector<int64_t> limits;
    for (const int64_t m : rows)
      limits.push_back(std::upper_bound(columns.begin(), columns.end(), m) - columns.begin());
    return make_staircase(std::move(limits), static_cast<int64_t>(columns.size()));
  }

  // The 0/1 mask of layer l in stored order [out, in]; l = -1: of the direct connections.
  Tensor mask(int64_t component, int64_t l) const {
    const Degrees rows = degrees_of(component, l < 0 ? static_cast<int64_t>(options_.hidden.size()) : l);
    const Degrees columns = degrees_of(component, l < 0 ? -1 : l - 1);
    Tensor m({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
    float* to = m.data<float>();
    for (const int64_t r : rows) {
      for (const int64_t c : columns) *to++ = c <= r ? 1.0f : 0.0f;
    }
    return m;
  }

  void add_layer(const Scope& scope, int64_t outputs, int64_t inputs, int64_t l, const Initialiser& initialiser) {
    if (sorted()) staircases_.push_back(staircase(0, static_cast<size_t>(l)));
    weights_.push_back(scope.parameter("weight", {outputs, inputs}, "out,in", ParameterKind::kWeight,
                                       sorted() ? on_staircase(staircases_.back(), initialiser) : initialiser,
                                       sorted() ? inside_of(*staircases_.back()) : std::vector<Range>()));
    biases_.push_back(scope.parameter("bias", {outputs}, "out", ParameterKind::kBias, initialise::zeros()));
  }

  Variable connect(Pass& pass, const Variable& h, size_t l, int64_t component) const {
    if (sorted()) return ops::staircase_linear(h, pass(weights_[l]), pass(biases_[l]), staircases_[l]);
    return ops::masked_linear(h, pass(weights_[l]), pass(biases_[l]), mask(component, static_cast<int64_t>(l)));
  }

  Permutation sorted_units(int64_t component, size_t l) const {
    if (sorted()) return {};
    const Degrees& degrees = degrees_[static_cast<size_t>(component)][l];
    Permutation p(degrees.size());
    for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<int64_t>(i);
    std::stable_sort(p.begin(), p.end(), [&](int64_t a, int64_t b) {
      return degrees[static_cast<size_t>(a)] < degrees[static_cast<size_t>(b)];
    });
    return p;
  }

  Permutation sorted_inputs(int64_t component) const {
    if (sorted()) return {};
    Permutation p;
    for (int64_t y = 0; y < classes(); ++y) p.push_back(y);
    for (const int64_t output : sorted_outputs(component)) p.push_back(classes() + output);
    return p;
  }

  Permutation sorted_outputs(int64_t component) const {
    if (sorted()) return {};
    Permutation p;
    for (const int64_t position : order(component)) {
      for (int64_t k = 0; k < width_; ++k) p.push_back(position * width_ + k);
    }
    return p;
  }

  // Of layer l, sorted: units begin[t] .. begin[t+1]-1 have degree t.
  std::vector<int64_t> first_units(int64_t component, size_t l) const {
    Degrees degrees = degrees_[static_cast<size_t>(component)][l];
    std::sort(degrees.begin(), degrees.end());
    std::vector<int64_t> begin;
    for (int64_t t = 0; t <= data().positions() + 1; ++t) {
      begin.push_back(std::lower_bound(degrees.begin(), degrees.end(), t) - degrees.begin());
    }
    return begin;
  }

  // A vector or matrix with rows (and columns) in sorted order. What the mask forbids is never looked at by the sweep.
  static Tensor arranged(const Tensor& t, const Permutation& rows, const Permutation& columns = {}) {
    if (rows.empty() && columns.empty()) return t;
    const int64_t n = t.dim(0), width = t.count() / n;
    Tensor out(t.shape());
    for (int64_t i = 0; i < n; ++i) {
      const float* from = t.data<float>() + (rows.empty() ? i : rows[static_cast<size_t>(i)]) * width;
      float* to = out.data<float>() + i * width;
      for (int64_t j = 0; j < width; ++j) to[j] = from[columns.empty() ? j : columns[static_cast<size_t>(j)]];
    }
    return out;
  }

  Options options_;
  int64_t width_;
  std::vector<std::vector<int64_t>> orders_;   // [component][step]
  std::vector<std::vector<Degrees>> degrees_;  // [component][layer][unit]
  std::vector<ops::StaircasePtr> staircases_;  // one mask only: of each layer
  ops::StaircasePtr direct_staircase_;
  std::vector<Parameter> weights_, biases_;
  Parameter direct_;
};

[[maybe_unused]] const bool registered = register_model<Made>("made", "Masked autoencoder (Germain et al. 2015)");

}  // namespace
}  // namespace mlrun

// EoNADE: orderless NADE with several hidden layers (Uria, Murray & Larochelle 2014; Uria et al. 2016, section 4).
//
// One network gives p(x_i | any set of known positions): its input is what is known, x * m, and which positions those
// are, the mask m. Training draws an order o and a number of known positions d - 1 for every example, and takes
//   loss = D / (D - d + 1) * sum over the unknown i of -log p(x_i | x_{o<d}),
// an unbiased estimate of the NLL averaged over all orders. Any order then makes a proper model, and `orders: K` of
// them their mixture, which is better than each. NADE itself (kind nade) has one order and shares its sums between
// positions; this network cannot, and its likelihood costs D evaluations of it per order.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "models/autoregressive/eonade_sweep.hpp"
#include "models/autoregressive/order_agnostic.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/hidden_activation.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"

namespace mlrun {
namespace {

struct OrderedWeights {
  EonadeWeights weights;
  std::vector<int64_t> order;
};

class EonadeStepper : public Stepper {
 public:
  EonadeStepper(const OrderedWeights& network, int64_t count, const int32_t* labels)
      : sweep_(network.weights, network.order, count, labels, /*together=*/1) {}
  void logits(float* out) override {
    sweep_.stage();
    sweep_.logits(out);
  }
  void observe(const int32_t* symbols) override { sweep_.observe(symbols); }

 private:
  EonadeSweep sweep_;
};

// What is known is a few ones among many zeros, and the mask is many ones: by the usual rule for all inputs alike, the
// hidden units would begin with the mask and little else.
Initialiser first_layer(int64_t symbol_rows, int64_t mask_rows) {
  const Initialiser symbols = initialise::kaiming_uniform(std::max<int64_t>(1, symbol_rows / 8));
  const Initialiser mask = initialise::kaiming_uniform(8 * std::max<int64_t>(1, symbol_rows));
  return [=](Tensor& value, const RandomStream& noise) {
    symbols(value, noise);
    Tensor part = value.rows(symbol_rows, symbol_rows + mask_rows);
    if (mask_rows > 0) mask(part, noise.at(1));
  };
}

struct EonadeOptions {
  explicit EonadeOptions(config::Reader& reader)
      : hidden(reader.integers("hidden", {.help = "units of each hidden layer",
                                          .min = 1,
                                          .max = 1 << 20,
                                          .min_size = 1,
                                          .max_size = 16,
                                          .fallback = {{500}}})),
        orders(reader.integer("orders", {.help = "random orders in evaluation and sampling: the model is their mixture",
                                         .min = 1,
                                         .max = 4096,
                                         .fallback = 1})),
        mask_input(reader.boolean("mask_input",
                                  {.help = "the network also sees which positions are known", .fallback = true})),
        activation(read_hidden_activation(reader)),
        condition(read_condition(reader)) {}
  std::vector<int64_t> hidden;
  int64_t orders;
  bool mask_input;
  kernels::Function activation;
  Condition condition;
};

class Eonade : public AutoregressiveModel {
 public:
  using Options = EonadeOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 50}; }

  Eonade(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope),
        options_(options),
        width_(logits_per_step(data.alphabet)),
        shares_(shares_of_unknown(data.positions())) {
    // How many orders there are may be chosen anew for every evaluation: the first ones are the same for any number.
    for (int64_t k = 0; k < options.orders; ++k) {
      orders_.push_back(make_order(OrderKind::kRandom, data, scope, k));
      record_order(scope, k == 0 ? "order" : fmt::format("order_{}", k), orders_.back(), BufferKind::kOfEvaluation);
    }
    const int64_t d = data.positions();
    int64_t inputs = d * width_ + (options.mask_input ? d : 0) + classes();
    for (size_t l = 0; l < options.hidden.size(); ++l) {
      const int64_t units = options.hidden[l];
      const Scope layer = scope / fmt::format("hidden_{}", l + 1);
      weights_.push_back(layer.parameter(
          "weight", {inputs, units}, "in,out", ParameterKind::kWeight,
          l == 0 ? first_layer(d * width_, options.mask_input ? d : 0) : initialise::kaiming_uniform(inputs)));
      biases_.push_back(layer.parameter("bias", {units}, "out", ParameterKind::kBias, initialise::zeros()));
      inputs = units;
    }
    const Scope output = scope / "output";
    output_weight_ = output.parameter("weight", {d * width_, inputs}, "out,in", ParameterKind::kWeight,
                                      initialise::lecun_uniform(inputs));
    output_bias_ = output.parameter("bias", {d * width_}, "out", ParameterKind::kBias, initialise::zeros());
  }

  int64_t components() const override { return options_.orders; }
  const std::vector<int64_t>& order(int64_t component) const override {
    return orders_[static_cast<size_t>(component)];
  }

  Variable loss(Pass& pass, const Batch& batch) const override {
    const Known known = draw_known(batch.count(), shares_, pass.next_noise());
    Variable h = encode(batch, known.mask);
    for (size_t l = 0; l < weights_.size(); ++l) {
      const Variable sums = ops::add(ops::matmul(h, pass(weights_[l])), pass(biases_[l]));
      h = ops::activation(options_.activation, sums);
    }
    const Variable y = ops::linear(h, pass(output_weight_), pass(output_bias_));
    const Variable unknown = order_agnostic_loss(known, y, batch.symbols, data());
    return condition() == Condition::kJoint ? ops::add(unknown, class_prior_loss(pass, batch)) : unknown;
  }

  // No gradient comes through this view, which is for evaluation: training has a loss of its own.
  Variable logits(Pass&, const OrderedBatch& batch, int64_t component) const override {
    constexpr int64_t kRowsTogether = 256;  // of a dense product, steps times images
    const int64_t n = batch.count(), d = data().positions();
    const int64_t together = std::clamp<int64_t>(kRowsTogether / std::max<int64_t>(1, n), 1, d);
    const EonadeWeights weights = weights_of();
    EonadeSweep sweep(weights, order(component), n, conditional() ? labels_of(batch).data<int32_t>() : nullptr,
                      together);
    Tensor y({n, d * width_}), part({together, n, width_});
    std::vector<int32_t> symbols(static_cast<size_t>(n));
    for (int64_t begin = 0; begin < d; begin += together) {
      const int64_t end = std::min(d, begin + together);
      for (int64_t t = begin; t < end; ++t) {
        sweep.stage();
        for (int64_t i = 0; i < n; ++i) symbols[static_cast<size_t>(i)] = batch.symbols.data<int32_t>()[i * d + t];
        sweep.observe(symbols.data());
      }
      sweep.logits(part.data<float>());
      for (int64_t t = begin; t < end; ++t) {
        for (int64_t i = 0; i < n; ++i) {
          std::copy_n(part.data<float>() + ((t - begin) * n + i) * width_, width_,
                      y.data<float>() + (i * d + t) * width_);
        }
      }
    }
    return shape_as_logits(Variable(y), data());
  }

  bool views_share_bits() const override { return true; }  // one sweep is both
  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    return step_view_in(parameters, order(component));
  }
  bool any_order() const override { return true; }
  std::unique_ptr<StepView> step_view_in(const ParameterArena& parameters,
                                         const std::vector<int64_t>& order) const override {
    const double products = static_cast<double>(parameters.parameter_count()) / static_cast<double>(data().positions());
    return std::make_unique<PackedStepView<OrderedWeights, EonadeStepper>>(OrderedWeights{weights_of(), order}, 0,
                                                                           products);
  }

 protected:
  Layout network_layout() const override {
    const size_t top = weights_.size();
    Layout layout;
    layout.line("for each step t: m = 1 at the positions of the steps before t, 0 elsewhere (any order will do)");
    layout.line(fmt::format("h_0 = for each position {}, times m{}{}",
                            width_ == 1 ? "x as 0 or 1" : fmt::format("x one-hot of {}", width_),
                            options_.mask_input ? "; then m" : "",
                            classes() > 0 ? fmt::format("; then the label, one-hot of {}", classes()) : ""));
    layout.line(fmt::format("h_i = {}(h_{{i-1}} @ hidden_i/weight + hidden_i/bias), i = 1 .. {}",
                            name_of_hidden_activation(options_.activation), top));
    layout.line(
        fmt::format("l[t] = the rows of output/weight @ h_{} + output/bias that are of position order[t]", top));
    layout.tensor("order", "position of each step (component 0)")
        .tensor("order_*", "position of each step, of component *");
    layout.tensor("hidden_*/weight", "of layer *; of the first, rows as h_0").tensor("hidden_*/bias", "of layer *");
    layout.tensor("output/weight", fmt::format("rows: {} for each position, in stored order", width_));
    return layout.tensor("output/bias", "as the rows of output/weight");
  }

 private:
  EonadeWeights weights_of() const {
    EonadeWeights w;
    w.positions = data().positions();
    w.alphabet = data().alphabet;
    w.classes = classes();
    w.mask_input = options_.mask_input;
    w.activation = options_.activation;
    w.first = weights_[0].value();
    for (size_t l = 1; l < weights_.size(); ++l) w.above.emplace_back(weights_[l].value());
    for (const Parameter& bias : biases_) w.biases.push_back(bias.value());
    w.output_weight = output_weight_.value();
    w.output_bias = output_bias_.value();
    return w;
  }

  // [n, inputs]: known symbols (0/1, or one-hot), the mask, the label.
  Tensor encode(const Batch& batch, const Tensor& mask) const {
    const int64_t n = batch.count(), d = data().positions(), inputs = weights_[0].value().dim(0);
    Tensor x = Tensor::zeros({n, inputs});
    for (int64_t i = 0; i < n; ++i) {
      const int32_t* s = batch.symbols.data<int32_t>() + i * d;
      const float* known = mask.data<float>() + i * d;
      float* row = x.data<float>() + i * inputs;
      for (int64_t p = 0; p < d; ++p) {
        if (data().alphabet != 2) row[p * width_ + s[p]] = known[p];
        else row[p] = static_cast<float>(s[p]) * known[p];
      }
      if (options_.mask_input) std::copy_n(known, d, row + d * width_);
      if (conditional()) row[inputs - classes() + labels_of(batch).data<int32_t>()[i]] = 1.0f;
    }
    return x;
  }

  Options options_;
  int64_t width_;
  std::vector<double> shares_;  // of the numbers of unknown positions in training
  std::vector<std::vector<int64_t>> orders_;
  std::vector<Parameter> weights_, biases_;
  Parameter output_weight_, output_bias_;
};

[[maybe_unused]] const bool registered =
    register_model<Eonade>("eonade", "Orderless NADE: any order, and mixtures of orders (Uria et al. 2014)");

}  // namespace
}  // namespace mlrun

// SimVQ (Zhu et al. 2024): the table is a frozen one times a learned matrix, so that a gradient moves every code.
#include "kernels/vector/embedding.hpp"
#include "models/quantizers/table.hpp"
#include "nn/initialisers.hpp"
#include "ops/linear.hpp"

namespace mlrun {
namespace {

struct SimVqOptions {
  explicit SimVqOptions(config::Reader& reader)
      : codes(reader.integer("codes", {.help = "vectors in the table", .min = 1, .max = 65536, .fallback = 512})),
        commitment(
            reader.real("commitment", {.help = "weight of |z - sg[e]|^2 (beta)", .min = 0.0, .fallback = 0.25})) {}
  int64_t codes;
  double commitment;
};

// loss = |sg[z] - e|^2 + beta |z - sg[e]|^2, e = a row of the table C W^T; C drawn once, W learned.
class SimVqQuantizer : public Quantizer {
 public:
  using Options = SimVqOptions;

  SimVqQuantizer(const Options& options, int64_t dimension, const Scope& scope)
      : options_(options), d_(dimension), frozen_({options.codes, dimension}) {
    initial_table(d_)(frozen_, scope.random("table"));
    scope.buffer("table", frozen_);
    weight_ = scope.parameter("weight", {d_, d_}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(d_));
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return options_.codes; }

  Quantized quantize(Pass& pass, const Variable& z) const override {
    return quantize_by_table(z, ops::linear(frozen_, pass(weight_)), options_.commitment);
  }

  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    const Tensor table = ops::linear(frozen_, pass(weight_)).value();
    return kernels::gather_rows(table, codes.reshape({codes.count()}));
  }

  bool has_law() const override { return true; }
  Variable log_odds(Pass& pass, const Variable& z) const override {
    return log_odds_by_distance(z, ops::linear(frozen_, pass(weight_)));
  }
  Variable mixed(Pass& pass, const Variable& weights) const override {
    return ops::matmul(weights, ops::linear(frozen_, pass(weight_)));
  }

  Layout layout() const override {
    Layout layout;
    layout.line("table = /buffers' table @ weight';  k = argmin over k of |z - table[k]|^2;  q = table[k]");
    return layout.tensor("table", "frozen, a row for each code").tensor("weight", "a linear map");
  }

 private:
  Options options_;
  int64_t d_;
  Tensor frozen_;
  Parameter weight_;
};

[[maybe_unused]] const bool registered = register_quantizer<SimVqQuantizer>(
    "simvq", "A frozen table times a learned matrix, straight-through (Zhu et al. 2024)");

}  // namespace
}  // namespace mlrun

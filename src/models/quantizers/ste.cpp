// The quantiser of van den Oord et al. 2017: a table learned by gradients, straight-through to the encoder.
//
// loss = |sg[z] - e|^2 + beta |z - sg[e]|^2 (the last two terms of their eq. 3), e the nearest vector of the table.
#include "kernels/vector/embedding.hpp"
#include "models/quantizers/table.hpp"
#include "ops/linear.hpp"

namespace mlrun {
namespace {

class SteQuantizer : public Quantizer {
 public:
  using Options = TableOptions;

  SteQuantizer(const Options& options, int64_t dimension, const Scope& scope)
      : options_(options), d_(options.code_dim.value_or(dimension)) {
    table_ = scope.parameter("table", {options.codes, d_}, "code,in", ParameterKind::kEmbedding, initial_table(d_));
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return options_.codes; }

  Quantized quantize(Pass& pass, const Variable& rows) const override {
    return quantize_by_table(as_searched(rows, options_), as_searched(pass(table_), options_), options_.commitment);
  }

  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    return kernels::gather_rows(as_searched(pass(table_), options_).value(), codes.reshape({codes.count()}));
  }

  bool has_law() const override { return true; }
  Variable log_odds(Pass& pass, const Variable& rows) const override {
    return log_odds_by_distance(as_searched(rows, options_), as_searched(pass(table_), options_));
  }
  Variable mixed(Pass& pass, const Variable& weights) const override {
    return ops::matmul(weights, as_searched(pass(table_), options_));
  }

  void initialise_from(Pass&, const Tensor& rows, const RandomStream& noise) override {
    if (!options_.k_means) return;
    Tensor table = table_.value();
    k_means(as_searched(rows, options_), noise, table);
  }

  Layout layout() const override {
    Layout layout;
    layout.line(options_.cosine
                    ? "z = z / |z|, table rows likewise;  k = argmin over k of |z - table[k]|^2;  q = table[k]"
                    : "k = argmin over k of |z - table[k]|^2;  q = table[k]");
    return layout.tensor("table", "a row for each code");
  }

 private:
  Options options_;
  int64_t d_;
  Parameter table_;
};

[[maybe_unused]] const bool registered = register_quantizer<SteQuantizer>(
    "ste", "Straight-through, the table learned by gradients (van den Oord et al. 2017)");

}  // namespace
}  // namespace mlrun

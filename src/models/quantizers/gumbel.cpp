// Straight-through Gumbel-softmax (Jang et al. 2017; Maddison et al. 2017), as in vq-wav2vec (Baevski et al. 2020).
//
// In training the code is drawn: k = argmax(l_k + g_k), g Gumbel noise, with l = z W^T + b; the gradient is that of
// softmax((l + g) / temperature). In evaluation it is argmax l. The loss adds `kl` times KL(softmax(l) || uniform),
// nats. This quantiser keeps [rows, codes] numbers for its gradient.
#include <cmath>

#include "kernels/vector/embedding.hpp"
#include "models/codes/drawn_codes.hpp"
#include "models/quantizers/table.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

struct GumbelOptions {
  explicit GumbelOptions(config::Reader& reader)
      : codes(reader.integer("codes", {.help = "vectors in the table", .min = 1, .max = 65536, .fallback = 512})),
        temperature(reader.real(
            "temperature",
            {.help = "of the softmax that gives the gradient", .min = 0, .exclusive_min = true, .fallback = 1.0})),
        kl(reader.real("kl", {.help = "weight of the divergence from uniform codes", .min = 0, .fallback = 5e-4})) {}
  int64_t codes;
  double temperature, kl;
};

class GumbelQuantizer : public Quantizer {
 public:
  using Options = GumbelOptions;

  GumbelQuantizer(const Options& options, int64_t dimension, const Scope& scope) : options_(options), d_(dimension) {
    weight_ = scope.parameter("weight", {options.codes, d_}, "code,in", ParameterKind::kWeight,
                              initialise::lecun_uniform(d_));
    bias_ = scope.parameter("bias", {options.codes}, "code", ParameterKind::kBias, initialise::zeros());
    table_ = scope.parameter("table", {options.codes, d_}, "code,out", ParameterKind::kEmbedding, initial_table(d_));
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return options_.codes; }

  Quantized quantize(Pass& pass, const Variable& z) const override {
    const Variable logits = log_odds(pass, z);
    const Tensor noise = pass.training() ? gumbel_noise(logits.shape(), pass.next_noise()) : Tensor();
    const DrawnCodes drawn = draw_codes(logits, noise, options_.temperature);
    Quantized q;
    q.codes = drawn.codes;
    q.vectors = mixed(pass, drawn.weights);
    q.squared_error = squared_error(z.value(), q.vectors.value());
    const Variable log_p = ops::log_softmax(logits);  // KL = sum p log p + log K
    const Variable negentropy = ops::sum(ops::mul(ops::exp(log_p), log_p));
    const double uniform = static_cast<double>(z.dim(0)) * std::log(static_cast<double>(options_.codes));
    const auto kl = static_cast<float>(options_.kl);
    q.loss = ops::affine(negentropy, kl, kl * static_cast<float>(uniform));
    return q;
  }

  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    return kernels::gather_rows(pass(table_).value(), codes.reshape({codes.count()}));
  }

  bool has_law() const override { return true; }
  Variable log_odds(Pass& pass, const Variable& z) const override { return ops::linear(z, pass(weight_), pass(bias_)); }
  Variable mixed(Pass& pass, const Variable& weights) const override { return ops::matmul(weights, pass(table_)); }

  Layout layout() const override {
    Layout layout;
    layout.line("k = argmax of z @ weight' + bias;  q = table[k]");
    layout.tensor("weight", "a row for each code").tensor("bias", "of each code");
    return layout.tensor("table", "a row for each code");
  }

 private:
  Options options_;
  int64_t d_;
  Parameter weight_, bias_, table_;
};

[[maybe_unused]] const bool registered =
    register_quantizer<GumbelQuantizer>("gumbel", "Codes drawn by Gumbel noise, straight-through (Jang et al. 2017)");

}  // namespace
}  // namespace mlrun

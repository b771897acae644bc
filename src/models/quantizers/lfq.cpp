// Lookup-free quantisation (Yu et al. 2023, MAGVIT-v2): the signs of z are the bits of the code.
//
// q = sign(z), straight-through. p(bit = 1) = sigmoid(4 z / temperature) is a softmax over the squared distances to the
// two values of a bit. The loss adds, in nats, beta |z - sg[q]|^2 and `entropy` times (the entropy of the bits of each
// row, less `diversity` times that of the bits' means over the rows of a pass, times rows): rows are to be sure, and
// all codes used. The second entropy is of the bits one by one, which bounds that of the codes from above.
#include <optional>

#include "models/quantizers/running_norm.hpp"
#include "models/quantizers/table.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"
#include "ops/reduce.hpp"

namespace mlrun {
namespace {

struct LfqOptions {
  explicit LfqOptions(config::Reader& reader)
      : bits(reader.integer("bits", {.help = "of a code; there are 2^bits codes", .min = 1, .max = 16, .fallback = 9})),
        commitment(reader.real("commitment", {.help = "weight of |z - sg[q]|^2 (beta)", .min = 0, .fallback = 0.25})),
        entropy(reader.real("entropy", {.help = "weight of the entropies", .min = 0, .fallback = 0.1})),
        diversity(
            reader.real("diversity", {.help = "what use of all codes counts in them", .min = 0, .fallback = 1.0})),
        temperature(reader.real("temperature", {.help = "of the probabilities of bits that the entropies are of",
                                                .min = 0,
                                                .exclusive_min = true,
                                                .fallback = 1.0})),
        normalise(reader.boolean("normalise", {.help = "rows to mean 0 and variance 1, by running figures; false: as "
                                                       "in the paper",
                                               .fallback = true})) {}
  int64_t bits;
  double commitment, entropy, diversity, temperature;
  bool normalise;
};

class LfqQuantizer : public Quantizer {
 public:
  using Options = LfqOptions;
  LfqQuantizer(const Options& options, int64_t, const Scope& scope) : options_(options) {
    if (options.normalise) norm_.emplace(scope / "norm", options.bits);
  }

  int64_t dimension() const override { return options_.bits; }
  int64_t alphabet() const override { return int64_t{1} << options_.bits; }

  Quantized quantize(Pass& pass, const Variable& rows) const override {
    const Variable z = norm_ ? (*norm_)(pass, rows) : rows;
    const int64_t n = z.dim(0), d = options_.bits;
    Tensor signs(z.shape());
    Quantized q;
    q.codes = Tensor::zeros({n, 1}, DType::kS32);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < d; ++j) {
        const bool up = z.value().data<float>()[i * d + j] > 0;
        signs.data<float>()[i * d + j] = up ? 1.0f : -1.0f;
        q.codes.data<int32_t>()[i] |= static_cast<int32_t>(up) << j;
      }
    }
    q.squared_error = squared_error(z.value(), signs);
    q.vectors = ops::straight_through(z, signs);
    const auto weight = static_cast<float>(options_.entropy);
    const Variable l = ops::scale(z, static_cast<float>(4 / options_.temperature)), p = ops::sigmoid(l);
    const Variable of_rows = ops::sum(ops::sub(ops::softplus(l), ops::mul(l, p)));
    const Variable mean = ops::clamp(ops::mean(p, {0}), 1e-6f, 1.0f - 1e-6f), rest = ops::affine(mean, -1.0f, 1.0f);
    const Variable of_means =
        ops::negate(ops::sum(ops::add(ops::mul(mean, ops::log(mean)), ops::mul(rest, ops::log(rest)))));
    const Variable entropies =
        ops::sub(of_rows, ops::scale(of_means, static_cast<float>(options_.diversity * static_cast<double>(n))));
    q.loss = ops::add(ops::scale(ops::squared_distance(z, signs), static_cast<float>(options_.commitment)),
                      ops::scale(entropies, weight));
    return q;
  }

  void initialise_from(Pass&, const Tensor& rows, const RandomStream&) override {
    if (norm_) norm_->initialise_from(rows);
  }
  void after_step(const std::vector<Statistics>& lanes) override {
    if (norm_) norm_->after_step(lanes);
  }

  Tensor vectors(Pass&, const Tensor& codes) const override {
    Tensor v({codes.count(), options_.bits});
    for (int64_t i = 0; i < codes.count(); ++i) {
      for (int64_t j = 0; j < options_.bits; ++j) {
        v.data<float>()[i * options_.bits + j] = codes.data<int32_t>()[i] >> j & 1 ? 1.0f : -1.0f;
      }
    }
    return v;
  }

  Layout layout() const override {
    Layout layout;
    if (norm_) layout.line("z = (z - norm/mean) / sqrt(norm/variance)");
    layout.line("q = 1 where z > 0, else -1;  bit j of k is 1 where z[j] > 0");
    return layout.tensor("norm/mean", "of each number")
        .tensor("norm/variance", "of each number")
        .tensor("norm/steps", "steps so far; only training reads it");
  }

 private:
  Options options_;
  std::optional<RunningNorm> norm_;
};

[[maybe_unused]] const bool registered =
    register_quantizer<LfqQuantizer>("lfq", "The signs of a few dimensions (Yu et al. 2023)");

}  // namespace
}  // namespace mlrun

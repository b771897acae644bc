// The gated attention unit (Hua et al. 2022, section 3.1): one head whose queries and keys are made of a few shared
// numbers, and whose result is gated, so that it does the work of attention and of an MLP at once
// (mixers/gated_unit.hpp):
//
//   result = W_out (u * sum over s <= t of a(t, s) v_s) + b_out
//
// with one of two laws of attention:
//
//   relu2          a(t, s) = relu(q_t . k_s / sqrt(size))^2 / (t + 1)
//   softmax_plus   a(t, s) = softmax over s <= t of log_512(t + 1) q_t . k_s / sqrt(size)
//
// The paper divides scores by the length of the (chunk of a) sequence. Here the divisor is the number of positions that
// t sees, outside of the square: the sum is then a mean, as large at the end as at the beginning, and position t does
// not depend on how long its sequence will be, without which there is no recurrent form. softmax_plus is scaled by
// length for the same end: weights stay as sharp over many positions as over 512.
//
// relu2's parallel view holds the square matrix of a sequence's scores, three times in training: memory is quadratic in
// the length (a sequence of 784 positions: 7 MB a layer). softmax_plus goes by attention's tiles, with linear memory.
#include <fmt/format.h>

#include <cmath>

#include "kernels/attention/attention_cache.hpp"
#include "kernels/vector/elementwise.hpp"
#include "mixers/gated_unit.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "ops/attention/attention.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

struct GauOptions {
  explicit GauOptions(config::Reader& reader)
      : unit(reader),
        weights(reader.one_of<kernels::AttentionWeights>(
            "weights",
            {{"relu2", kernels::AttentionWeights::kSquaredRelu}, {"softmax_plus", kernels::AttentionWeights::kSoftmax}},
            {.help = "relu2: squared relu of scores, over the number of positions seen; softmax_plus: softmax of "
                     "scores that grow with the logarithm of that number",
             .fallback = "relu2"})) {}
  GatedUnitOptions unit;
  kernels::AttentionWeights weights;
};

// log_512(t + 1), for position t.
float sharpness(int64_t t) { return static_cast<float>(std::log1p(static_cast<double>(t)) / std::log(512.0)); }

struct PackedGau {
  PackedGatedUnit unit;
  const ScaledRows *q, *k;
  const RotaryTable* rope;  // or null
  kernels::AttentionShape shape;
  kernels::AttentionWeights weights;
};

class GauStepper : public MixerStepper {
 public:
  GauStepper(const PackedGau& packed, int64_t count)
      : packed_(packed),
        count_(count),
        cache_(
            [&] {
              kernels::AttentionShape shape = packed.shape;
              shape.sequences = count;
              return shape;
            }(),
            packed.weights),
        rows_(packed.unit, count),
        y_(rows_.v.shape()),
        q_(rows_.z.shape()),
        k_(q_.shape()) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_, position = cache_.position();
    for (Tensor* room : {&y_, &q_, &k_}) fit_rows(*room, rows);
    rows_.fill(packed_.unit, x, rows);
    packed_.q->rows(rows_.z, q_);
    packed_.k->rows(rows_.z, k_);
    float *q = q_.data<float>(), *k = k_.data<float>();
    if (packed_.rope) {
      packed_.rope->extend(q, count_, 1, position, length);
      packed_.rope->extend(k, count_, 1, position, length);
    }
    if (packed_.weights == kernels::AttentionWeights::kSoftmax) {
      const int64_t of_position = count_ * packed_.shape.keys;
      for (int64_t t = 0; t < length; ++t) {
        const float factor = sharpness(position + t);
        for (int64_t i = t * of_position; i < (t + 1) * of_position; ++i) q[i] *= factor;
      }
    }
    kernels::AttentionStretch stretch;
    stretch.length = length;
    stretch.q = q;
    stretch.k = k;
    stretch.v = rows_.v.data<float>();
    cache_.extend(stretch, y_.data<float>());
    kernels::mul_in_place(y_, rows_.u);
    packed_.unit.out(y_.data<float>(), rows, y);
  }

  // Keys and values stay where they are: only what came behind them is forgotten.
  void mark() override { cache_.mark(); }
  void rewind(int64_t kept) override { cache_.rewind(kept); }

 protected:
  std::vector<Tensor> state() override { return {}; }

 private:
  const PackedGau& packed_;
  int64_t count_;
  kernels::AttentionCache cache_;
  GatedRows rows_;
  Tensor y_, q_, k_;
};

class Gau : public Mixer {
 public:
  using Options = GauOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Gau(const Options& options, const MixerShape& shape, const Scope& scope)
      : size_(options.unit.size),
        weights_(options.weights),
        rope_(options.unit.rope),
        rotary_(size_, rope_ ? shape.length : 0),
        unit_(options.unit, shape, scope),
        q_(scope, "q", size_),
        k_(scope, "k", size_) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable z = unit_.shared(pass, x), v = unit_.values(pass, x);
    const auto turned = [&](const Variable& y) { return rope_ ? rotary_(y) : y; };
    const Variable q = turned(q_(pass, z)), k = turned(k_(pass, z));
    return unit_.result(pass, x,
                        weights_ == kernels::AttentionWeights::kSoftmax ? softmax_plus(q, k, v)
                                                                        : squared_relu_attention(q, k, v, scale()));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedGau packed = {
        unit_.packed(), &q_, &k_, rope_ ? &rotary_ : nullptr, {0, 0, 1, 1, size_, unit_.inner(), scale(), {}},
        weights_};
    return std::make_unique<PackedMixerSteps<PackedGau, GauStepper>>(std::move(packed), kGatedSequencesAtOnce);
  }

  // The scores of one sequence are a large matrix already.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout = unit_.layout({"q", "k"}, rope_);
    if (weights_ == kernels::AttentionWeights::kSoftmax)
      layout.line(fmt::format("a[t, s] = softmax over s <= t of {:.9g} log(t + 1) / log(512) q[t] . k[s]", scale()));
    else layout.line(fmt::format("a[t, s] = max({:.9g} q[t] . k[s], 0)^2 / (t + 1)", scale()));
    return layout.line("y[t] = (g[t] * sum over s <= t of a[t, s] v[s]) @ out/weight' + out/bias");
  }

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(size_)); }

  Variable softmax_plus(const Variable& q, const Variable& k, const Variable& v) const {
    Tensor factors({q.dim(1), 1});
    for (int64_t t = 0; t < q.dim(1); ++t) factors.data<float>()[t] = sharpness(t);
    return ops::attention(ops::mul(q, Variable(factors)), k, v, {1, 1, scale(), {}});
  }

  int64_t size_;
  kernels::AttentionWeights weights_;
  bool rope_;
  RotaryTable rotary_;
  GatedUnit unit_;
  ScaledRows q_, k_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Gau>("gau", "Gated attention unit (Hua et al. 2022): one head, shared queries and keys, a gate");

}  // namespace
}  // namespace mlrun

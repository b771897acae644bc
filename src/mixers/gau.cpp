// The gated attention unit (Hua et al. 2022, section 3.1): one head whose queries and keys are made of a few shared
// numbers, and whose result is gated, so that it does the work of attention and of an MLP at once:
//
//   u = silu(W_u x + b_u),   v = silu(W_v x + b_v),   z = silu(W_z x + b_z)
//   q = r(g_q z + o_q),   k = r(g_k z + o_k)              (gains and offsets of each number; r turns by the position)
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

#include <algorithm>
#include <cmath>

#include "kernels/attention/attention_cache.hpp"
#include "kernels/vector/elementwise.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/attention/attention.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"

namespace mlrun {
namespace {

constexpr int64_t kSequencesAtOnce = 4;  // of a stepper, as in attention

struct GauOptions {
  explicit GauOptions(config::Reader& reader)
      : size(reader.integer(
            "size",
            {.help = "numbers of a query and of a key, which share them", .min = 1, .max = 4096, .fallback = 64})),
        expand(reader.integer(
            "expand",
            {.help = "channels of values and gates for each of the stream", .min = 1, .max = 64, .fallback = 2})),
        weights(reader.one_of<kernels::AttentionWeights>(
            "weights",
            {{"relu2", kernels::AttentionWeights::kSquaredRelu}, {"softmax_plus", kernels::AttentionWeights::kSoftmax}},
            {.help = "relu2: squared relu of scores, over the number of positions seen; softmax_plus: softmax of "
                     "scores that grow with the logarithm of that number",
             .fallback = "relu2"})),
        rope(reader.boolean("rope", {.help = "whether queries and keys are turned by their position, so that what a "
                                             "position takes from another depends on their distance",
                                     .fallback = true})) {}
  int64_t size, expand;
  kernels::AttentionWeights weights;
  bool rope;
};

// log_512(t + 1), for position t.
float sharpness(int64_t t) { return static_cast<float>(std::log1p(static_cast<double>(t)) / std::log(512.0)); }

struct PackedGau {
  PackedLinear u, v, z, out;
  Tensor q_gain, q_offset, k_gain, k_offset;
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
        u_({count, packed.u.out()}),
        v_(u_.shape()),
        y_(u_.shape()),
        z_({count, packed.z.out()}),
        q_(z_.shape()),
        k_(z_.shape()) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_, position = cache_.position();
    for (Tensor* room : {&u_, &v_, &y_, &z_, &q_, &k_}) fit_rows(*room, rows);
    activated(packed_.u, x, u_);
    activated(packed_.v, x, v_);
    activated(packed_.z, x, z_);
    scaled(packed_.q_gain, packed_.q_offset, q_);
    scaled(packed_.k_gain, packed_.k_offset, k_);
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
    stretch.v = v_.data<float>();
    cache_.extend(stretch, y_.data<float>());
    kernels::mul_in_place(y_, u_);
    packed_.out(y_.data<float>(), rows, y);
  }

  // Keys and values stay where they are: only what came behind them is forgotten.
  void mark() override { cache_.mark(); }
  void rewind(int64_t kept) override { cache_.rewind(kept); }

 protected:
  std::vector<Tensor> state() override { return {}; }

 private:
  static void activated(const PackedLinear& map, const float* x, Tensor& to) {
    map(x, to.dim(0), to.data<float>());
    kernels::apply(kernels::Function::kSilu, to.data<float>(), to.data<float>(), to.count());
  }
  void scaled(const Tensor& gain, const Tensor& offset, Tensor& to) const {
    const int64_t size = z_.dim(1);
    const float *z = z_.data<float>(), *g = gain.data<float>(), *o = offset.data<float>();
    for (int64_t i = 0; i < z_.count(); ++i) to.data<float>()[i] = g[i % size] * z[i] + o[i % size];
  }

  const PackedGau& packed_;
  int64_t count_;
  kernels::AttentionCache cache_;
  Tensor u_, v_, y_, z_, q_, k_;
};

// [length, length]: row t has 1 / (t + 1) up to column t, and 0 behind it.
Tensor mean_of_the_past(int64_t length) {
  Tensor mask = Tensor::zeros({length, length});
  for (int64_t t = 0; t < length; ++t)
    std::fill_n(mask.data<float>() + t * length, t + 1, 1 / static_cast<float>(t + 1));
  return mask;
}

class Gau : public Mixer {
 public:
  using Options = GauOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Gau(const Options& options, const MixerShape& shape, const Scope& scope)
      : size_(options.size),
        inner_(options.expand * shape.width),
        weights_(options.weights),
        rope_(options.rope),
        rotary_(size_, options.rope ? shape.length : 0),
        u_(scope / "u", shape.in, inner_),
        v_(scope / "v", shape.in, inner_),
        z_(scope / "z", shape.in, size_),
        out_(scope / "out", inner_, shape.width) {
    const auto of_each = [&](const char* name, float value) {
      return scope.parameter(name, {size_}, "size", ParameterKind::kNorm, initialise::constant(value));
    };
    // z's mean square is about 0.1 at first (silu of a unit input), so that these make a position's score with itself
    // about 1: squared scores that begin much smaller would be nothing.
    const auto gain = static_cast<float>(std::sqrt(10 / std::sqrt(static_cast<double>(options.size))));
    q_gain_ = of_each("q/gain", gain);
    q_offset_ = of_each("q/offset", 0);
    k_gain_ = of_each("k/gain", gain);
    k_offset_ = of_each("k/offset", 0);
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable z = ops::silu(z_(pass, x)), v = ops::silu(v_(pass, x));
    const auto scaled = [&](const Parameter& gain, const Parameter& offset) {
      const Variable y = ops::add(ops::mul(z, pass(gain)), pass(offset));
      return rope_ ? rotary_(y) : y;
    };
    const Variable q = scaled(q_gain_, q_offset_), k = scaled(k_gain_, k_offset_);
    const Variable seen = weights_ == kernels::AttentionWeights::kSoftmax ? softmax_plus(q, k, v) : relu2(q, k, v);
    return out_(pass, ops::mul(ops::silu(u_(pass, x)), seen));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedGau packed = {u_.packed(),
                        v_.packed(),
                        z_.packed(),
                        out_.packed(),
                        q_gain_.value(),
                        q_offset_.value(),
                        k_gain_.value(),
                        k_offset_.value(),
                        rope_ ? &rotary_ : nullptr,
                        {0, 0, 1, 1, size_, inner_, scale(), {}},
                        weights_};
    return std::make_unique<PackedMixerSteps<PackedGau, GauStepper>>(std::move(packed), kSequencesAtOnce);
  }

  // The scores of one sequence are a large matrix already.
  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "g = silu(u @ u/weight' + u/bias), v = silu(u @ v/weight' + v/bias), z = silu(u @ z/weight' + z/bias); "
        "silu(x) = x sigma(x)");
    layout.line(fmt::format("q = z * q/gain + q/offset, k = z * k/gain + k/offset{}",
                            rope_ ? "; pair i of both is turned by t 10000^(-i / pairs)" : ""));
    if (weights_ == kernels::AttentionWeights::kSoftmax)
      layout.line(fmt::format("a[t, s] = softmax over s <= t of {:.9g} log(t + 1) / log(512) q[t] . k[s]", scale()));
    else layout.line(fmt::format("a[t, s] = max({:.9g} q[t] . k[s], 0)^2 / (t + 1)", scale()));
    layout.line("y[t] = (g[t] * sum over s <= t of a[t, s] v[s]) @ out/weight' + out/bias");
    for (const char* name : {"u", "v", "z", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map")
          .tensor(fmt::format("{}/bias", name), "of each channel");
    for (const char* name : {"q", "k"})
      layout.tensor(fmt::format("{}/gain", name), "of each number of z")
          .tensor(fmt::format("{}/offset", name), "of each number of z");
    return layout;
  }

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(size_)); }

  Variable relu2(const Variable& q, const Variable& k, const Variable& v) const {
    const Variable scores = ops::matmul(ops::scale(q, scale()), k, ops::Transpose::kNo, ops::Transpose::kYes);
    const Variable squares = ops::activation(kernels::Function::kSquaredRelu, scores);
    return ops::matmul(ops::mul(squares, Variable(mean_of_the_past(q.dim(1)))), v);
  }

  Variable softmax_plus(const Variable& q, const Variable& k, const Variable& v) const {
    Tensor factors({q.dim(1), 1});
    for (int64_t t = 0; t < q.dim(1); ++t) factors.data<float>()[t] = sharpness(t);
    return ops::attention(ops::mul(q, Variable(factors)), k, v, {1, 1, scale(), {}});
  }

  int64_t size_, inner_;
  kernels::AttentionWeights weights_;
  bool rope_;
  RotaryTable rotary_;
  Linear u_, v_, z_, out_;
  Parameter q_gain_, q_offset_, k_gain_, k_offset_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Gau>("gau", "Gated attention unit (Hua et al. 2022): one head, shared queries and keys, a gate");

}  // namespace
}  // namespace mlrun

// FLASH (Hua et al. 2022, section 3.2): a gated unit (mixers/gated_unit.hpp) whose attention is exact within a chunk of
// positions and linear in the chunks before it, so that its work and memory are linear in the length. Four pairs of a
// gain and an offset make two kinds of queries and keys of z. With a = 1 / sqrt(size) and t in the chunk that begins at
// position b:
//
//   near_t   = sum over b <= s <= t of relu(a q_t . k_s)^2 v_s / (t - b + 1)
//   far_t    = a (sum over s < b of far_k_s v_s^T)^T far_q_t / b            (0 in the first chunk)
//   result   = W_out (u * (near + far)) + b_out
//
// As in gau, sums are divided by the number of positions that they are over, where the paper has the size of a chunk and
// the length of the sequence, so that no position depends on how long its sequence will be.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "kernels/attention/attention_cache.hpp"
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/vector/elementwise.hpp"
#include "mixers/gated_unit.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

constexpr int64_t kChunk = 64;

struct FlashOptions {
  explicit FlashOptions(config::Reader& reader)
      : unit(reader),
        chunk(
            reader.integer_or("chunk", "auto",
                              {.help = "positions among which attention is exact; what is before their chunk is summed "
                                       "up. auto: 64, or half of a shorter sequence",
                               .min = 1,
                               .max = 1 << 20})) {}
  GatedUnitOptions unit;
  std::optional<int64_t> chunk;
};

struct FlashHeads {
  FlashHeads(const Scope& scope, int64_t size)
      : q(scope, "q", size), k(scope, "k", size), far_q(scope, "far_q", size), far_k(scope, "far_k", size) {}
  ScaledRows q, k, far_q, far_k;
};

struct PackedFlash {
  PackedGatedUnit unit;
  const FlashHeads* heads;
  const RotaryTable* rope;        // or null
  kernels::AttentionShape shape;  // of what is near
  int64_t chunk;
};

class FlashStepper : public MixerStepper {
 public:
  FlashStepper(const PackedFlash& packed, int64_t count)
      : packed_(packed),
        count_(count),
        near_(
            [&] {
              kernels::AttentionShape shape = packed.shape;
              shape.sequences = count;
              return shape;
            }(),
            kernels::AttentionWeights::kSquaredRelu),
        far_shape_({1, 1, 1, 1, packed.shape.keys, packed.shape.values}),
        rows_(packed.unit, count),
        y_(rows_.v.shape()),
        far_(y_.shape()),
        q_(rows_.z.shape()),
        k_(q_.shape()),
        far_q_(q_.shape()),
        far_k_(q_.shape()),
        before_(Tensor::zeros({count, packed.shape.keys, packed.shape.values})),
        within_(Tensor::zeros(before_.shape())) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_, position = near_.position();
    for (Tensor* room : {&y_, &far_, &q_, &k_, &far_q_, &far_k_}) fit_rows(*room, rows);
    rows_.fill(packed_.unit, x, rows);
    const FlashHeads& heads = *packed_.heads;
    for (const auto& [of, to] :
         {std::pair{&heads.q, &q_}, {&heads.k, &k_}, {&heads.far_q, &far_q_}, {&heads.far_k, &far_k_}}) {
      of->rows(rows_.z, *to);
      if (packed_.rope) packed_.rope->extend(to->data<float>(), count_, 1, position, length);
    }
    const float *far_k = far_k_.data<float>(), *v = rows_.v.data<float>();
    changed_by(length, {{far_k, count_ * far_k_.dim(1)}, {v, count_ * y_.dim(1)}});
    go_over(position, far_q_.data<float>(), far_k, v, rows, far_.data<float>());
    kernels::AttentionStretch stretch;
    stretch.length = length;
    stretch.q = q_.data<float>();
    stretch.k = k_.data<float>();
    stretch.v = v;
    near_.extend(stretch, y_.data<float>());
    kernels::add_to(y_, far_);
    kernels::mul_in_place(y_, rows_.u);
    packed_.unit.out(y_.data<float>(), rows, y);
  }

  void mark() override {
    near_.mark();
    MixerStepper::mark();
  }
  void rewind(int64_t kept) override {
    near_.rewind(kept);
    MixerStepper::rewind(kept);
  }

 protected:
  std::vector<Tensor> state() override { return {before_, within_}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor nobody({positions * count_, y_.dim(1)});
    go_over(near_.position() - positions, rows[0].data, rows[0].data, rows[1].data, positions * count_,
            nobody.data<float>());
  }

 private:
  // What is far, of the rows from `position` on, and the sums that come after them.
  void go_over(int64_t position, const float* q, const float* k, const float* v, int64_t rows, float* far) {
    const int64_t keys = far_shape_.keys, values = far_shape_.values;
    constexpr float kNothing = 0;  // is added to the sums of the chunks before
    Tensor nobody({values});
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t i = row % count_, t = position + row / count_, begin = t - t % packed_.chunk;
      if (i == 0 && t == begin && t > 0) {
        kernels::add_to(before_, within_);
        within_.fill(0);
      }
      float* result = far + row * values;
      const kernels::DecayStep step = {.q = q + row * keys, .k = k + row * keys, .v = v + row * values};
      kernels::DecayStep reading = step;
      reading.weight = &kNothing;
      kernels::decay_step(far_shape_, reading, before_.data<float>() + i * keys * values, result);
      const float factor = begin > 0 ? packed_.shape.scale / static_cast<float>(begin) : 0;
      for (int64_t c = 0; c < values; ++c) result[c] *= factor;
      kernels::decay_step(far_shape_, step, within_.data<float>() + i * keys * values, nobody.data<float>());
    }
  }

  const PackedFlash& packed_;
  int64_t count_;
  kernels::AttentionCache near_;
  kernels::DecayShape far_shape_;
  GatedRows rows_;
  Tensor y_, far_, q_, k_, far_q_, far_k_;
  Tensor before_, within_;  // sums of far_k v^T: of the chunks before, and of this one
};

// [chunks, chunks]: row g has 1 / (g size) before column g, and 0 from it on.
Tensor mean_of_earlier_chunks(int64_t chunks, int64_t size) {
  Tensor means = Tensor::zeros({chunks, chunks});
  for (int64_t g = 1; g < chunks; ++g)
    std::fill_n(means.data<float>() + g * chunks, g, 1 / static_cast<float>(g * size));
  return means;
}

class Flash : public Mixer {
 public:
  using Options = FlashOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Flash(const Options& options, const MixerShape& shape, const Scope& scope)
      : size_(options.unit.size),
        chunk_(options.chunk.value_or(std::max<int64_t>(1, std::min(kChunk, shape.length / 2)))),
        rope_(options.unit.rope),
        rotary_(size_, rope_ ? shape.length : 0),
        unit_(options.unit, shape, scope),
        heads_(scope, size_) {
    if (chunk_ < shape.length || shape.length == 1) return;
    fail(
        ExitCode::kUsage,
        "mixer flash with chunk={}: sequences of {} positions are one chunk, with nothing before it\n  with   chunk={}",
        chunk_, shape.length, shape.length / 2);
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable z = unit_.shared(pass, x);
    const int64_t n = x.dim(0), length = x.dim(1), size = std::min(chunk_, length), chunks = (length + size - 1) / size;
    // [n, length, w] -> [n chunks, size, w], with zeros behind the last position.
    const auto in_chunks = [&](const Variable& rows) {
      const int64_t width = rows.dim(2), missing = chunks * size - length;
      const Variable whole = missing > 0 ? ops::concat({rows, Variable(Tensor::zeros({n, missing, width}))}, 1) : rows;
      return ops::reshape(whole, {n * chunks, size, width});
    };
    const auto made = [&](const ScaledRows& of) {
      const Variable y = of(pass, z);
      return in_chunks(rope_ ? rotary_(y) : y);
    };
    const Variable v = in_chunks(unit_.values(pass, x));
    Variable seen = squared_relu_attention(made(heads_.q), made(heads_.k), v, scale());
    if (chunks > 1) {
      const Variable sums = ops::matmul(made(heads_.far_k), v, ops::Transpose::kYes);  // [n chunks, keys, values]
      const Variable means = ops::matmul(Variable(mean_of_earlier_chunks(chunks, size)),
                                         ops::reshape(sums, {n, chunks, size_ * unit_.inner()}));
      seen = ops::add(seen, ops::matmul(ops::scale(made(heads_.far_q), scale()),
                                        ops::reshape(means, {n * chunks, size_, unit_.inner()})));
    }
    return unit_.result(pass, x, ops::slice(ops::reshape(seen, {n, chunks * size, unit_.inner()}), 1, 0, length));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedFlash packed = {unit_.packed(),
                          &heads_,
                          rope_ ? &rotary_ : nullptr,
                          {0, 0, 1, 1, size_, unit_.inner(), scale(), {{.window = 0, .stride = 1, .block = chunk_}}},
                          chunk_};
    return std::make_unique<PackedMixerSteps<PackedFlash, FlashStepper>>(std::move(packed), kGatedSequencesAtOnce);
  }

  int64_t sequences_at_once() const override { return 1; }

  Layout layout() const override {
    Layout layout = unit_.layout({"q", "k", "far_q", "far_k"}, rope_);
    layout.line(
        fmt::format("b = the greatest multiple of {} up to t;  near[t] = sum over b <= s <= t of max({:.9g} q[t] . "
                    "k[s], 0)^2 v[s] / (t - b + 1)",
                    chunk_, scale()));
    layout.line(
        fmt::format("far[t] = sum over s < b of {:.9g} (far_q[t] . far_k[s]) v[s] / b, 0 where b is 0", scale()));
    return layout.line("y[t] = (g[t] * (near[t] + far[t])) @ out/weight' + out/bias");
  }

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(size_)); }

  int64_t size_, chunk_;
  bool rope_;
  RotaryTable rotary_;
  GatedUnit unit_;
  FlashHeads heads_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Flash>("flash", "FLASH (Hua et al. 2022): a gated unit, exact within a chunk and linear before it");

}  // namespace
}  // namespace mlrun

// Causal softmax attention (Vaswani et al. 2017), with as many heads of keys and values as of queries, fewer (grouped:
// Ainslie et al. 2023) or one (multi-query: Shazeer 2019):
//
//   q, k, v = W_q x, W_k x, W_v x;   y_t = W_o softmax over s <= t of (q_t . k_s / sqrt(size)) v_s
//
// The parallel view is a tiled kernel (kernels/attention/attention.hpp), the steps keep keys and values. How positions
// come in is a part of its own (mixers/positions/).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "kernels/attention/attention_cache.hpp"
#include "kernels/vector/normalize.hpp"
#include "mixers/heads.hpp"
#include "mixers/mixer.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/attention/attention.hpp"
#include "ops/normalize.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct AttentionOptions {
  explicit AttentionOptions(config::Reader& reader)
      : heads(reader.integer("heads", {.help = "divide the width", .min = 1, .max = 4096, .fallback = 4})),
        kv_heads(reader.integer_or("kv_heads", "heads",
                                   {.help = "heads of keys and values, each shared by as many heads of queries; divide "
                                            "heads; 1: multi-query",
                                    .min = 1,
                                    .max = 4096})),
        window(reader.integer_or("window", "all",
                                 {.help = "positions that one sees, itself among them", .min = 1, .max = 1 << 30})),
        stride(reader.integer_or(
            "stride", "none",
            {.help = "every other head sees each stride-th position instead, and the rest `window` neighbours (the "
                     "stride, by default) or their `block`: the strided pattern of Child et al. 2019",
             .min = 2,
             .max = 1 << 30})),
        block(reader.integer_or(
            "block", "none",
            {.help = "positions of a block: one sees those of its own block up to itself, and none before it (the "
                     "DiagAttention of TransNormer, Qin et al. 2022, for its lower layers)",
             .min = 1,
             .max = 1 << 30})),
        qk_norm(reader.boolean("qk_norm", {.help = "whether each head's queries and keys are normalised (rms, with a "
                                                   "gain), so that scores stay bounded",
                                           .fallback = false})),
        dropout(static_cast<float>(
            reader.real("dropout", {.help = "of the weights by which positions are averaged, in training",
                                    .min = 0.0,
                                    .max = 0.95,
                                    .fallback = 0.0}))) {
    config::Reader section = reader.section("position", "how attention knows where positions are");
    position = attention_position_kinds().choose(section, "rope");
    if (kv_heads && (*kv_heads > heads || heads % *kv_heads != 0)) {
      reader.mistake("kv_heads", fmt::format("{} heads of keys do not divide {} heads of queries", *kv_heads, heads),
                     fmt::format("kv_heads: {}", std::gcd(*kv_heads, heads)));
    }
    if (block && window)
      reader.mistake("window", "with a block, what a position sees begins where its block begins", "window: all");
    if (stride && heads < 2)
      reader.mistake("stride", "one half of the heads sees neighbours and the other strides, and there is one head",
                     "heads: 2");
  }
  int64_t heads;
  std::optional<int64_t> kv_heads, window, stride, block;
  bool qk_norm;
  float dropout;
  AttentionPositionRegistry::Choice position;
};

constexpr float kEpsilon = 1e-5f;
// Of a stepper. Fewer read the weights more often, and more push one another's keys and values out of the caches: 64
// streams of 784 pixels, width 128, took 3.5 s one at a time, 1.8 s by fours, 2.4 s by eights and 3.7 s by 32.
constexpr int64_t kSequencesAtOnce = 4;
// Of a pass: products want a few hundred rows. At a length of 256, four sequences at once took 4% less time than one,
// and 40% more memory.
constexpr int64_t kRowsAtOnce = 512;

struct PackedAttention {
  PackedLinear q, k, v, out;
  kernels::AttentionShape shape;
  Tensor q_gain, k_gain;  // undefined without norms
  std::shared_ptr<const PositionSteps> position;
};

class AttentionStepper : public MixerStepper {
 public:
  AttentionStepper(const PackedAttention& packed, int64_t count)
      : packed_(packed),
        count_(count),
        cache_([&] {
          kernels::AttentionShape shape = packed.shape;
          shape.sequences = count;
          return shape;
        }()),
        q_({count, packed.q.out()}),
        k_({count, packed.k.out()}),
        v_({count, packed.v.out()}),
        y_({count, packed.out.in()}),
        position_q_(q_.shape()) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&q_, &k_, &v_, &y_}) fit_rows(*room, rows);
    packed_.q(x, rows, q_.data<float>());
    packed_.k(x, rows, k_.data<float>());
    packed_.v(x, rows, v_.data<float>());
    if (packed_.q_gain.defined()) normalise(q_, packed_.q_gain), normalise(k_, packed_.k_gain);
    PositionStretch position;
    position.position = cache_.position();
    position.length = length;
    position.count = count_;
    position.q = q_.data<float>();
    position.k = k_.data<float>();
    position.tables = &tables_;
    if (packed_.position->uses_position_q()) {
      fit_rows(position_q_, rows);
      position.position_q = position_q_.data<float>();
    }
    packed_.position->extend(position);
    kernels::AttentionStretch stretch;
    stretch.length = length;
    stretch.q = position.q;
    stretch.k = position.k;
    stretch.v = v_.data<float>();
    if (!tables_.bias.empty()) stretch.bias = tables_.bias.data();
    if (!tables_.keys.empty()) {
      stretch.position_q = position.position_q;
      stretch.position_keys = tables_.keys.data();
    }
    if (!tables_.queries.empty()) stretch.position_queries = tables_.queries.data();
    cache_.extend(stretch, y_.data<float>());
    packed_.out(y_.data<float>(), rows, y);
  }

  // Keys and values stay where they are: only what came behind them is forgotten, and the rows of the tables, of which
  // each position has as many.
  void mark() override { cache_.mark(); }
  void rewind(int64_t kept) override {
    const auto before = static_cast<size_t>(cache_.position());
    cache_.rewind(kept);
    if (before == 0) return;
    for (std::vector<float>* table : {&tables_.bias, &tables_.keys, &tables_.queries})
      table->resize(table->size() / before * static_cast<size_t>(cache_.position()));
  }

 protected:
  std::vector<Tensor> state() override { return {}; }

 private:
  void normalise(Tensor& x, const Tensor& gain) const {
    x = kernels::rms_norm(x.reshape({-1, gain.dim(0)}), gain, kEpsilon).y.reshape(x.shape());
  }

  const PackedAttention& packed_;
  int64_t count_;
  kernels::AttentionCache cache_;
  Tensor q_, k_, v_, y_, position_q_;
  DistanceTables tables_;
};

class Attention : public Mixer {
 public:
  using Options = AttentionOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  Attention(const Options& options, const MixerShape& shape, const Scope& scope)
      : at_once_(std::max<int64_t>(1, kRowsAtOnce / shape.length)),
        heads_(options.heads),
        groups_(options.kv_heads.value_or(options.heads)),
        size_(head_size("attention", shape.width, options.heads)),
        dropout_(options.dropout),
        qk_norm_(options.qk_norm),
        q_(scope / "q", shape.in, shape.width, LinearBias::kNo),
        k_(scope / "k", shape.in, groups_ * size_, LinearBias::kNo),
        v_(scope / "v", shape.in, groups_ * size_, LinearBias::kNo),
        out_(scope / "out", shape.width, shape.width, LinearBias::kNo),
        position_(options.position.build({heads_, groups_, size_, shape}, scope / "position")) {
    if (qk_norm_) {
      q_gain_ = scope.parameter("q_norm/gain", {size_}, "size", ParameterKind::kNorm, initialise::constant(1.0f));
      k_gain_ = scope.parameter("k_norm/gain", {size_}, "size", ParameterKind::kNorm, initialise::constant(1.0f));
    }
    for (int64_t h = 0; (options.window || options.stride || options.block) && h < heads_; ++h) {
      if (options.stride && h % 2 == 1) reach_.push_back({.window = 0, .stride = *options.stride, .block = 0});
      else if (options.block) reach_.push_back({.window = 0, .stride = 1, .block = *options.block});
      else reach_.push_back({.window = options.window ? *options.window : *options.stride, .stride = 1, .block = 0});
    }
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    AttentionTerms terms = {normalised(pass, q_(pass, x), q_gain_), normalised(pass, k_(pass, x), k_gain_), {}};
    position_->enter(pass, terms);
    ops::AttentionDropout dropout;
    if (dropout_ > 0 && pass.training()) dropout = {dropout_, pass.next_noise()};
    return out_(pass, ops::attention(terms.q, terms.k, v_(pass, x), {heads_, groups_, scale(), reach_}, terms.distances,
                                     dropout));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedAttention packed;
    packed.q = q_.packed();
    packed.k = k_.packed();
    packed.v = v_.packed();
    packed.out = out_.packed();
    packed.shape = {0, 0, heads_, groups_, size_, size_, scale(), reach_};
    if (qk_norm_) packed.q_gain = q_gain_.value(), packed.k_gain = k_gain_.value();
    packed.position = position_->steps();
    return std::make_unique<PackedMixerSteps<PackedAttention, AttentionStepper>>(std::move(packed), kSequencesAtOnce);
  }

  bool any_length() const override { return position_->any_length(); }
  int64_t sequences_at_once() const override { return at_once_; }

  Layout layout() const override {
    Layout layout;
    layout.line(
        fmt::format("q = u @ q/weight', k = u @ k/weight', v = u @ v/weight': {} heads of queries, {} of keys and "
                    "values, {} numbers each; head h of queries reads head floor(h {} / {}) of keys and values",
                    heads_, groups_, size_, groups_, heads_));
    if (qk_norm_) layout.line(fmt::format("q and k of each head: x / sqrt(mean(x * x) + {:g}) * gain", kEpsilon));
    layout.part("position/", position_->layout());
    layout.line(fmt::format(
        "a[t, s] = softmax over s <= t of {:.9g} score(t, s) + bias(t, s), score(t, s) = q_t . k_s and what "
        "positions add, bias 0 but where they say;  y[t] = (sum over s of a[t, s] v_s, of all heads) @ out/weight'",
        scale()));
    if (!reach_.empty())
      layout.line(
          "s is one of those that mixer.window, mixer.block and mixer.stride of the spec let a head see (even heads "
          "the "
          "window or the block, odd ones the stride, where there is one)");
    for (const char* name : {"q", "k", "v", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    return layout.tensor("q_norm/gain", "of each number of a head").tensor("k_norm/gain", "of each number of a head");
  }

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(position_->products() * size_)); }

  Variable normalised(Pass& pass, const Variable& x, const Parameter& gain) const {
    if (!qk_norm_) return x;
    const Variable rows = ops::reshape(x, {x.dim(0), x.dim(1), -1, size_});
    return ops::reshape(ops::rms_norm(rows, pass(gain), kEpsilon), x.shape());
  }

  int64_t at_once_, heads_, groups_, size_;
  float dropout_;
  bool qk_norm_;
  Linear q_, k_, v_, out_;
  std::unique_ptr<AttentionPositions> position_;
  Parameter q_gain_, k_gain_;
  std::vector<kernels::Reach> reach_;
};

[[maybe_unused]] const bool registered =
    register_mixer<Attention>("attention", "Causal softmax attention, multi-head to multi-query (Vaswani et al. 2017)");

}  // namespace
}  // namespace mlrun

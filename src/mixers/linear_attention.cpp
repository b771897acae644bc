// Linear attention (Katharopoulos et al. 2020): of each head, with a feature map phi (mixers/feature_map.hpp),
//
//   S_t = S_{t-1} + phi(k_t) v_t^T,   z_t = z_{t-1} + phi(k_t)                         (eq. 18, 19)
//   y_t = S_t^T phi(q_t) / (z_t phi(q_t)),   result = W_out y,   (q, k, v) = W x       (eq. 20)
//
// computed in chunks of matrix products. With `normaliser: norm` there is no z, and result = W_out rms_norm(S_t^T
// phi(q_t)) (TransNormer: Qin et al. 2022, "The devil in linear transformer"). With `rope` the features that
// make S are turned by their position, and those that make z are not (Su et al. 2021, eq. 19).
#include <fmt/format.h>

#include <algorithm>

#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/ssm/key_mass.hpp"
#include "mixers/feature_map.hpp"
#include "mixers/heads.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"
#include "ops/ssm/chunk_decay.hpp"
#include "ops/ssm/key_mass.hpp"

namespace mlrun {
namespace {

enum class Normaliser : uint8_t { kSum, kNorm };

struct LinearAttentionOptions {
  explicit LinearAttentionOptions(config::Reader& reader)
      : heads(reader.integer("heads", {.help = "of queries, keys and values; they divide the stream's channels",
                                       .min = 1,
                                       .max = 4096,
                                       .fallback = 4})),
        features(reader),
        normaliser(reader.one_of<Normaliser>(
            "normaliser", {{"sum", Normaliser::kSum}, {"norm", Normaliser::kNorm}},
            {.help = "sum: the weights of earlier positions sum to 1; norm: they do not, and a norm follows",
             .fallback = "sum"})),
        rope(reader.boolean("rope", {.help = "whether features are turned by their position, so that what a position "
                                             "takes from another depends on their distance",
                                     .fallback = false})) {}
  int64_t heads;
  FeatureOptions features;
  Normaliser normaliser;
  bool rope;
};

struct PackedLinearAttention {
  PackedLinear q, k, v, out;
  const FeatureMap* features;
  const Norm* norm;         // null: the sum
  const RotaryTable* rope;  // or null
  ops::DecayHeads heads;
};

class LinearAttentionStepper : public MixerStepper {
 public:
  LinearAttentionStepper(const PackedLinearAttention& packed, int64_t count)
      : packed_(packed),
        count_(count),
        shape_({1, 1, packed.heads.groups, packed.heads.heads, packed.heads.keys, packed.heads.values}),
        x_({count, std::max(packed.q.out(), packed.v.out())}),
        q_({count, shape_.heads * shape_.keys}),
        k_(q_.shape()),
        y_({count, shape_.heads * shape_.values}),
        states_(Tensor::zeros({count, shape_.heads, shape_.keys, shape_.values})),
        sums_(Tensor::zeros({count, q_.dim(1)})) {}

  void extend(const float* x, int64_t length, float* y) override {
    const int64_t rows = length * count_;
    for (Tensor* room : {&x_, &q_, &k_, &y_}) fit_rows(*room, rows);
    float *raw = x_.data<float>(), *q = q_.data<float>(), *k = k_.data<float>(), *to = y_.data<float>();
    packed_.q(x, rows, raw);
    packed_.features->queries(raw, count_, t_, length, q);
    packed_.k(x, rows, raw);
    packed_.features->keys(raw, count_, t_, length, k);
    packed_.v(x, rows, raw);
    if (packed_.rope) turned_q_ = turned(q_, length), turned_k_ = turned(k_, length);
    else turned_q_ = q_, turned_k_ = k_;
    const int64_t of_keys = count_ * k_.dim(1);
    changed_by(length, {{turned_k_.data<float>(), of_keys}, {k, of_keys}, {raw, count_ * packed_.v.out()}});
    go_over({turned_q_.data<float>(), turned_k_.data<float>(), q, k, raw}, rows, to);
    t_ += length;
    if (packed_.norm) packed_.out(packed_.norm->rows(y_).data<float>(), rows, y);
    else packed_.out(to, rows, y);
  }

 protected:
  std::vector<Tensor> state() override { return {states_, sums_}; }
  void advance(const std::vector<Rows>& rows, int64_t positions) override {
    Tensor nobody({positions * count_, y_.dim(1)});
    const float *turned_k = rows[0].data, *k = rows[1].data;
    go_over({turned_k, turned_k, k, k, rows[2].data}, positions * count_, nobody.data<float>());
  }

 private:
  struct Stretch {  // queries and keys, turned by their positions and not
    const float *turned_q, *turned_k, *q, *k, *v;
  };
  void go_over(const Stretch& in, int64_t rows, float* y) {
    const int64_t keys = shape_.heads * shape_.keys, values = shape_.heads * shape_.values;
    const kernels::KeyMassShape mass = {1, 1, shape_.heads, shape_.keys, shape_.values};
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t i = row % count_, at = row * keys;
      float* result = y + row * values;
      kernels::decay_step(shape_, {.q = in.turned_q + at, .k = in.turned_k + at, .v = in.v + row * values},
                          states_.data<float>() + i * keys * shape_.values, result);
      if (packed_.norm) continue;
      kernels::divide_by_key_mass_step(mass, in.q + at, in.k + at, result, sums_.data<float>() + i * keys, result);
    }
  }

  Tensor turned(const Tensor& x, int64_t length) const {
    Tensor y = x.clone();
    packed_.rope->extend(y.data<float>(), count_, shape_.heads, t_, length);
    return y;
  }

  const PackedLinearAttention& packed_;
  int64_t count_;
  kernels::DecayShape shape_;
  Tensor x_, q_, k_, y_, states_, sums_, turned_q_, turned_k_;
};

class LinearAttention : public Mixer {
 public:
  using Options = LinearAttentionOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 2}; }

  LinearAttention(const Options& options, const MixerShape& shape, const Scope& scope)
      : head_(head_size("linear_attention", shape.width, options.heads, options.rope ? 2 : 1)),
        q_(scope / "q", shape.in, shape.width, LinearBias::kNo),
        k_(scope / "k", shape.in, shape.width, LinearBias::kNo),
        v_(scope / "v", shape.in, shape.width, LinearBias::kNo),
        features_(options.features, options.heads, head_, shape.length, scope),
        heads_({options.heads, options.heads, features_.features(), head_}),
        has_rope_(options.rope),
        rope_(heads_.keys, has_rope_ ? shape.length : 0),
        has_norm_(options.normaliser == Normaliser::kNorm),
        norm_(scope / "norm", has_norm_ ? NormKind::kRms : NormKind::kNone, shape.width),
        out_(scope / "out", shape.width, shape.width, LinearBias::kNo) {}

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable q = features_.queries(pass, q_(pass, x)), k = features_.keys(pass, k_(pass, x));
    const Variable u = has_rope_ ? ops::chunk_decay(rope_(q), rope_(k), v_(pass, x), heads_, {})
                                 : ops::chunk_decay(q, k, v_(pass, x), heads_, {});
    return out_(pass, has_norm_ ? norm_(pass, u) : ops::divide_by_key_mass(u, q, k, heads_.heads));
  }

  std::unique_ptr<MixerSteps> steps() const override {
    return std::make_unique<PackedMixerSteps<PackedLinearAttention, LinearAttentionStepper>>(
        PackedLinearAttention{q_.packed(), k_.packed(), v_.packed(), out_.packed(), &features_,
                              has_norm_ ? &norm_ : nullptr, has_rope_ ? &rope_ : nullptr, heads_});
  }

  // Products want a few hundred rows, and a sequence has them.
  int64_t sequences_at_once() const override { return 1; }
  bool any_length() const override { return features_.any_length(); }

  Layout layout() const override {
    Layout layout;
    layout.line(fmt::format(
        "q = phi(u @ q/weight'), k = phi(u @ k/weight'), v = u @ v/weight', in {} heads; phi is mixer.features of the "
        "spec (mixers/feature_map.hpp; random rows follow from the seed, and are not in the file)",
        heads_.heads));
    if (has_rope_) layout.line("r: q and k with pair i of each head turned by t 10000^(-i / pairs), for S alone");
    layout.line(fmt::format("S[t] = S[t - 1] + {}[t] v[t]', S[-1] = 0;  o[t] = S[t]' {}[t]", has_rope_ ? "r(k)" : "k",
                            has_rope_ ? "r(q)" : "q"));
    layout.line(has_norm_ ? "y = norm(o) @ out/weight'"
                          : "z[t] = z[t - 1] + k[t];  y = (o[t] / (z[t] . q[t]), of each head) @ out/weight'");
    for (const char* name : {"q", "k", "v", "out"})
      layout.tensor(fmt::format("{}/weight", name), "a linear map, no bias");
    return has_norm_ ? layout.part("norm/", norm_.layout("norm")) : layout;
  }

 private:
  int64_t head_;
  Linear q_, k_, v_;
  FeatureMap features_;
  ops::DecayHeads heads_;
  bool has_rope_;
  RotaryTable rope_;
  bool has_norm_;
  Norm norm_;
  Linear out_;
};

[[maybe_unused]] const bool registered = register_mixer<LinearAttention>(
    "linear_attention",
    "Linear attention (Katharopoulos et al. 2020): a feature map in the place of softmax, in chunks");

}  // namespace
}  // namespace mlrun

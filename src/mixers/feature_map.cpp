#include "mixers/feature_map.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

using kernels::Function;

// Added to what exp makes of a key, as in FAVOR+: a key that is like no row still counts.
constexpr float kStabiliser = 1e-4f;

Function function_of(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::kElu:
      return Function::kEluPlusOne;
    case FeatureKind::kSquaredRelu:
      return Function::kSquaredRelu;
    case FeatureKind::kExp:
      return Function::kExp;
    default:
      return Function::kRelu;
  }
}

// Makes row `i` of [., size] orthogonal to the `before` rows above it, and of length 1.
void orthogonalise(std::vector<double>& rows, int64_t size, int64_t i, int64_t before) {
  double* row = rows.data() + i * size;
  for (int64_t j = i - before; j < i; ++j) {
    const double* other = rows.data() + j * size;
    double dot = 0;
    for (int64_t k = 0; k < size; ++k) dot += row[k] * other[k];
    for (int64_t k = 0; k < size; ++k) row[k] -= dot * other[k];
  }
  double square = 0;
  for (int64_t k = 0; k < size; ++k) square += row[k] * row[k];
  for (int64_t k = 0; k < size; ++k) row[k] /= std::sqrt(square);
}

}  // namespace

FeatureOptions::FeatureOptions(config::Reader& reader)
    : kind(reader.one_of<FeatureKind>(
          "features",
          {{"elu", FeatureKind::kElu},
           {"relu", FeatureKind::kRelu},
           {"relu2", FeatureKind::kSquaredRelu},
           {"exp", FeatureKind::kExp},
           {"softmax", FeatureKind::kSoftmax},
           {"performer", FeatureKind::kPerformer},
           {"cosformer", FeatureKind::kCosformer}},
          {.help = "what queries and keys go through: elu(x) + 1, max(x, 0), its square, e^x, softmax over a head's "
                   "channels, random features (FAVOR+), or max(x, 0) weighed by the cosine of the distance",
           .fallback = "elu"})),
      random(reader.integer_or(
          "random_features", "auto",
          {.help = "of a head, for features: performer; auto: twice its channels", .min = 1, .max = 65536})),
      redraw(reader.integer_or("redraw", "never",
                               {.help = "training steps after which the random features are drawn anew; evaluation and "
                                        "sampling keep the first ones",
                                .min = 1})) {
  if (kind == FeatureKind::kPerformer || reader.describing()) return;
  for (const auto& [key, given] : {std::pair("random_features", random), std::pair("redraw", redraw)}) {
    if (given) reader.mistake(key, "only random features have it", "features: performer");
  }
}

FeatureMap::FeatureMap(const FeatureOptions& options, int64_t heads, int64_t keys, int64_t horizon, const Scope& scope)
    : kind_(options.kind),
      heads_(heads),
      keys_(keys),
      features_(keys),
      horizon_(horizon),
      redraw_(options.redraw),
      noise_(scope.random("random_features")) {
  if (kind_ == FeatureKind::kCosformer) features_ = 2 * keys;
  if (kind_ != FeatureKind::kPerformer) return;
  features_ = options.random.value_or(2 * keys);
  w_ = draw(0);
  packed_ = PackedLinear(w_, Tensor());
  scope.buffer("random_features", w_);
}

Tensor FeatureMap::draw(uint64_t index) const {
  const RandomStream noise = noise_.at(index);
  uint64_t counter = 0;
  std::vector<double> rows(static_cast<size_t>(features_ * keys_));
  for (double& x : rows) x = noise.normal(counter++);
  Tensor w({features_, keys_});
  for (int64_t i = 0; i < features_; ++i) {
    orthogonalise(rows, keys_, i, i % keys_);
    double square = 0;  // the length of a Gaussian row
    for (int64_t k = 0; k < keys_; ++k) square += std::pow(noise.normal(counter++), 2);
    const double scale = std::sqrt(square) / std::pow(static_cast<double>(keys_), 0.25);
    for (int64_t k = 0; k < keys_; ++k)
      w.data<float>()[i * keys_ + k] = static_cast<float>(scale * rows[static_cast<size_t>(i * keys_ + k)]);
  }
  return w;
}

Tensor FeatureMap::turns(int64_t first, int64_t count) const {
  Tensor both({count, 1, 2, 1});
  for (int64_t t = 0; t < count; ++t) {
    const double angle = M_PI_2 * static_cast<double>(first + t) / static_cast<double>(horizon_);
    both.data<float>()[2 * t] = static_cast<float>(std::cos(angle));
    both.data<float>()[2 * t + 1] = static_cast<float>(std::sin(angle));
  }
  return both;
}

// x [..., keys] and its products with the random rows, which hold the factor keys^(-1/4) -> [..., features].
Variable FeatureMap::random_features(const Variable& x, const Variable& along, bool query) const {
  if (query) return ops::softmax(along);
  const float half = -0.5f / std::sqrt(static_cast<float>(keys_));
  const Variable length = ops::scale(ops::sum(ops::square(x), {-1}, /*keep=*/true), half);
  return ops::affine(ops::exp(ops::add(along, length)), 1.0f, kStabiliser);
}

Variable FeatureMap::map(Pass& pass, const Variable& x, bool query) const {
  const int64_t n = x.dim(0), length = x.dim(1);
  const Shape result = {n, length, heads_ * features_};
  const auto of_heads = [&] { return ops::reshape(x, {n, length, heads_, keys_}); };
  switch (kind_) {
    case FeatureKind::kSoftmax:
      return ops::reshape(ops::softmax(of_heads()), result);
    case FeatureKind::kPerformer: {
      const bool redrawn = redraw_ && pass.training() && pass.step() >= *redraw_;
      const Tensor w = redrawn ? draw(static_cast<uint64_t>(pass.step() / *redraw_)) : w_;
      return ops::reshape(random_features(of_heads(), ops::linear(of_heads(), Variable(w)), query), result);
    }
    case FeatureKind::kCosformer: {
      require(length <= horizon_, "{} positions of {}", length, horizon_);
      const Variable positive = ops::reshape(ops::relu(x), {n, length, heads_, 1, keys_});
      return ops::reshape(ops::mul(positive, Variable(turns(0, length))), result);
    }
    default:
      return ops::activation(function_of(kind_), x);
  }
}

void FeatureMap::extend(const float* x, int64_t count, int64_t t, int64_t length, bool query, float* y) const {
  const int64_t rows = length * count * heads_;
  switch (kind_) {
    case FeatureKind::kSoftmax:
    case FeatureKind::kPerformer: {
      Tensor in({rows, keys_});
      std::copy_n(x, in.count(), in.data<float>());
      Tensor out;
      if (kind_ == FeatureKind::kSoftmax) {
        out = ops::softmax(Variable(in)).value();
      } else {
        Tensor along({rows, features_});
        packed_(x, rows, along.data<float>());  // its bits do not depend on how many rows there are
        out = random_features(Variable(in), Variable(along), query).value();
      }
      std::copy_n(out.data<float>(), out.count(), y);
      return;
    }
    case FeatureKind::kCosformer: {
      require(t + length <= horizon_, "position {} of {}", t + length - 1, horizon_);
      const Tensor both = turns(t, length);
      for (int64_t i = 0; i < rows * 2; ++i) {
        const float by = both.data<float>()[i / (2 * count * heads_) * 2 + i % 2], *from = x + i / 2 * keys_;
        for (int64_t k = 0; k < keys_; ++k) y[i * keys_ + k] = std::max(0.0f, from[k]) * by;
      }
      return;
    }
    default:
      return kernels::apply(function_of(kind_), x, y, rows * keys_);
  }
}

}  // namespace mlrun

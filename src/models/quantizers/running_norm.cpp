#include "models/quantizers/running_norm.hpp"

#include <algorithm>
#include <cmath>

#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

constexpr float kDecay = 0.99f, kLeastVariance = 1e-12f;

}  // namespace

RunningNorm::RunningNorm(const Scope& scope, int64_t dimension)
    : d_(dimension),
      mean_(scope.state("mean", {dimension}, "in", StateKind::kEvaluated, initialise::zeros())),
      variance_(scope.state("variance", {dimension}, "in", StateKind::kEvaluated, initialise::constant(1.0f))),
      steps_(scope.state("steps", {1}, "", StateKind::kBookkeeping, initialise::zeros())),
      count_(scope.statistic({1})),
      sums_(scope.statistic({dimension})),
      squares_(scope.statistic({dimension})) {}

Variable RunningNorm::operator()(Pass& pass, const Variable& z) const {
  if (Tensor* count = pass.statistic(count_)) {
    const float *rows = z.value().data<float>(), *mean = mean_.data<float>();
    float *sums = pass.statistic(sums_)->data<float>(), *squares = pass.statistic(squares_)->data<float>();
    for (int64_t i = 0; i < z.value().count(); ++i) {
      const float away = rows[i] - mean[i % d_];
      sums[i % d_] += away;
      squares[i % d_] += away * away;
    }
    count->data<float>()[0] += static_cast<float>(z.dim(0));
  }
  Tensor scale({d_});
  for (int64_t j = 0; j < d_; ++j)
    scale.data<float>()[j] = 1.0f / std::sqrt(std::max(variance_.data<float>()[j], kLeastVariance));
  return ops::mul(ops::sub(z, mean_.clone()), scale);  // the mean may move before the gradient comes back
}

void RunningNorm::initialise_from(const Tensor& z) {
  const int64_t n = z.dim(0);
  for (int64_t j = 0; j < d_; ++j) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < n; ++i) mean += static_cast<double>(z.data<float>()[i * d_ + j]);
    mean /= static_cast<double>(n);
    for (int64_t i = 0; i < n; ++i) variance += std::pow(static_cast<double>(z.data<float>()[i * d_ + j]) - mean, 2);
    mean_.data<float>()[j] = static_cast<float>(mean);
    variance_.data<float>()[j] = static_cast<float>(variance / static_cast<double>(n));
  }
}

void RunningNorm::after_step(const std::vector<Statistics>& lanes) {
  float& t = steps_.data<float>()[0];
  const float keep = std::min(kDecay, (1.0f + t) / (10.0f + t)), take = 1.0f - keep;
  t += 1.0f;
  const float count = sum_over_lanes(lanes, count_).data<float>()[0];
  const Tensor sums = sum_over_lanes(lanes, sums_), squares = sum_over_lanes(lanes, squares_);
  for (int64_t j = 0; j < d_; ++j) {
    mean_.data<float>()[j] += take * sums.data<float>()[j] / count;
    float& variance = variance_.data<float>()[j];
    variance = keep * variance + take * squares.data<float>()[j] / count;
  }
}

}  // namespace mlrun

#include "hippo/projection.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace mlrun::hippo {
namespace {

void multiply(const Matrix& a, const double* x, double* y) {
  for (int64_t r = 0; r < a.rows; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < a.columns; ++c) sum += a.at(r, c) * x[c];
    y[r] = sum;
  }
}

// y = a^T x
void multiply_turned(const Matrix& a, const double* x, double* y) {
  std::fill_n(y, a.columns, 0.0);
  for (int64_t r = 0; r < a.rows; ++r) {
    for (int64_t c = 0; c < a.columns; ++c) y[c] += a.at(r, c) * x[r];
  }
}

}  // namespace

Projection::Projection(Measure measure, int64_t order, Discretisation rule, double theta)
    : measure_(measure),
      rule_(rule),
      theta_(theta),
      c_(static_cast<size_t>(order), 0.0),
      scratch_(static_cast<size_t>(order)) {
  require(order > 0 && theta > 0, "a projection of order {} with theta {}", order, theta);
  if (measure != Measure::kLegS) fixed_ = discretise(system_of(measure, order, theta), 1.0, rule);
  else if (rule == Discretisation::kZoh) restriction_ = std::make_unique<LegsRestriction>(order);
}

// With q_n = sqrt(2n+1): (A c)_n = -q_n sum_(k<n) q_k c_k - (n+1) c_n, and (I - x A) y = r is solved from the top down
// by the same running sum.
void Projection::legs(double f) {
  const double d = 1 / static_cast<double>(observed_);
  const double behind = rule_ == Discretisation::kForward ? d : rule_ == Discretisation::kBilinear ? d / 2 : 0;
  const double ahead = d - behind;
  double sum_c = 0, sum_y = 0;
  for (size_t n = 0; n < c_.size(); ++n) {
    const double q = std::sqrt(2 * static_cast<double>(n) + 1), m = static_cast<double>(n) + 1, c = c_[n];
    const double right = c - behind * (q * sum_c + m * c) + d * q * f;
    const double y = (right - ahead * q * sum_y) / (1 + ahead * m);
    sum_c += q * c;
    sum_y += q * y;
    c_[n] = y;
  }
}

void Projection::observe(double f) {
  ++observed_;
  if (measure_ == Measure::kLegS && rule_ != Discretisation::kZoh) return legs(f);
  Matrix w;
  std::vector<double> b;
  if (measure_ == Measure::kLegS) {
    restriction_->step(observed_, w, b);
    multiply(restriction_->samples(), c_.data(), scratch_.data());
    multiply_turned(w, scratch_.data(), c_.data());
  } else {
    multiply(fixed_.a, c_.data(), scratch_.data());
    c_.swap(scratch_);
    b = fixed_.b;
  }
  for (size_t n = 0; n < c_.size(); ++n) c_[n] += b[n] * f;
}

double Projection::weight(int64_t i) const {
  if (i < 0 || i >= observed_) return 0;
  const double age = static_cast<double>(observed_ - i) - 0.5;
  if (measure_ == Measure::kLegS) return 1;
  if (measure_ == Measure::kLegT) return age <= theta_ ? 1 : 0;
  return std::exp(-age / theta_);
}

double Projection::reconstruct(int64_t i) const {
  if (weight(i) == 0) return 0;
  const auto order = static_cast<int64_t>(c_.size());
  std::vector<double> g(c_.size());
  const double now = static_cast<double>(observed_), x = static_cast<double>(i) + 0.5;
  if (measure_ == Measure::kLegS) legendre(x / now, order, g.data());
  else if (measure_ == Measure::kLegT) legendre(1 - (now - x) / theta_, order, g.data());
  else laguerre((now - x) / theta_, order, g.data());
  double sum = 0;
  for (size_t n = 0; n < c_.size(); ++n) sum += c_[n] * g[n];
  return sum;
}

ReconstructionError error_of(const Projection& projection, std::span<const double> signal) {
  double off = 0, of = 0, weights = 0;
  for (size_t i = 0; i < signal.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const double w = projection.weight(at), e = projection.reconstruct(at) - signal[i];
    if (w == 0) continue;
    off += w * e * e;
    of += w * signal[i] * signal[i];
    weights += w;
  }
  if (weights == 0) return {};
  return {std::sqrt(off / weights), std::sqrt(of / weights)};
}

}  // namespace mlrun::hippo

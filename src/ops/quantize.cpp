#include "ops/quantize.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/nearest_code.hpp"

namespace mlrun::ops {
namespace {

void require_same(const Variable& a, const Tensor& b) {
  require(a.value().count() == b.count(), "vectors of shape {} and {}", to_string(a.shape()), to_string(b.shape()));
}

double dot(const float* a, const float* b, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return sum;
}

// dz = s (dq - 2 r (r . dq) + 2 z' (q' . dq)) of one row.
void turn_back(const float* z, const float* q, const float* dq, int64_t d, float* dz) {
  constexpr double kShort = 1e-6;
  const double length_z = std::sqrt(dot(z, z, d)), length_q = std::sqrt(dot(q, q, d));
  double between = 0;  // |z' + q'|^2
  if (length_z > kShort && length_q > kShort) between = 2.0 + 2.0 * dot(z, q, d) / (length_z * length_q);
  if (between < kShort * kShort) {
    for (int64_t j = 0; j < d; ++j) dz[j] = dq[j];
    return;
  }
  const double scale = length_q / length_z, along_z = dot(z, dq, d) / length_z, along_q = dot(q, dq, d) / length_q;
  const double r = 2.0 * (along_z + along_q) / between;
  for (int64_t j = 0; j < d; ++j) {
    const double unit_z = static_cast<double>(z[j]) / length_z, unit_q = static_cast<double>(q[j]) / length_q;
    dz[j] = static_cast<float>(scale * (static_cast<double>(dq[j]) - r * (unit_z + unit_q) + 2.0 * unit_z * along_q));
  }
}

}  // namespace

Variable straight_through(const Variable& z, const Tensor& q) {
  require_same(z, q);
  return record(q, {{z, [](const Tensor& dq) { return dq; }}});
}

Variable rotate_to(const Variable& z, const Tensor& q) {
  require_same(z, q);
  return record(q, {{z, [Z = z.value(), q](const Tensor& dq) {
                       const int64_t d = q.dim(-1);
                       Tensor dz(q.shape());
                       for (int64_t i = 0; i < q.count(); i += d) {
                         turn_back(Z.data<float>() + i, q.data<float>() + i, dq.data<float>() + i, d,
                                   dz.data<float>() + i);
                       }
                       return dz;
                     }}});
}

// da = 2 dy (a - b), db = -da
Variable squared_distance(const Variable& a, const Variable& b) {
  require_same(a, b.value());
  const Tensor A = a.value(), B = b.value();
  double sum = 0;
  const float *x = A.data<float>(), *y = B.data<float>();
  for (int64_t i = 0; i < A.count(); ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += difference * difference;
  }
  const auto rule = [A, B](float sign) {
    return [A, B, sign](const Tensor& dy) {
      const float scale = 2.0f * sign * dy.data<float>()[0];
      Tensor d(A.shape());
      const float *from = A.data<float>(), *to = B.data<float>();
      float* out = d.data<float>();
      for (int64_t i = 0; i < A.count(); ++i) out[i] = scale * (from[i] - to[i]);
      return d;
    };
  };
  return record(Tensor::full({}, static_cast<float>(sum)), {{a, rule(1.0f)}, {b, rule(-1.0f)}});
}

// dx = (dy - y (y . dy)) / |x|
Variable unit_rows(const Variable& x) {
  const Tensor X = x.value();
  const int64_t d = X.dim(-1);
  Tensor y(X.shape());
  kernels::unit_rows(X.data<float>(), X.count() / d, d, y.data<float>());
  return record(
      y, {{x, [X, y, d](const Tensor& dy) {
             Tensor dx(X.shape());
             for (int64_t i = 0; i < X.count(); i += d) {
               const float *unit = y.data<float>() + i, *g = dy.data<float>() + i;
               const double length = std::max(1e-12, std::sqrt(dot(X.data<float>() + i, X.data<float>() + i, d)));
               const double along = dot(unit, g, d);
               for (int64_t j = 0; j < d; ++j) {
                 dx.data<float>()[i + j] =
                     static_cast<float>((static_cast<double>(g[j]) - along * static_cast<double>(unit[j])) / length);
               }
             }
             return dx;
           }}});
}

}  // namespace mlrun::ops

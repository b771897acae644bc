#include "kernels/vector/broadcast.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/broadcast.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

#ifndef MLRUN_KERNELS_BROADCAST_ONCE
#define MLRUN_KERNELS_BROADCAST_ONCE
namespace mlrun::kernels {
namespace {

enum class Binary : uint8_t { kAdd, kSub, kMul, kDiv, kFirst };

// `outer` rows of `inner` results. Inner strides are 1 or 0 (one number for the whole row).
struct Rows {
  int64_t outer, inner;
  int64_t a_outer, a_inner, b_outer, b_inner;
};

}  // namespace
}  // namespace mlrun::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::V;

template <class F>
HWY_INLINE void rows(const Rows& r, const float* a, const float* b, float* y, F f) {
  constexpr simd::Floats d;
  for (int64_t i = 0; i < r.outer; ++i, a += r.a_outer, b += r.b_outer, y += r.inner) {
    if (r.a_inner && r.b_inner) {
      simd::map(a, b, y, r.inner, f);
    } else if (r.a_inner) {
      const V c = hn::Set(d, *b);
      simd::map(a, y, r.inner, [&](V v) HWY_ATTR { return f(v, c); });
    } else {
      const V c = hn::Set(d, *a);
      if (r.b_inner) simd::map(b, y, r.inner, [&](V v) HWY_ATTR { return f(c, v); });
      else simd::map(y, y, r.inner, [v = f(c, hn::Set(d, *b))](V) HWY_ATTR { return v; });
    }
  }
}

void binary_kernel(Binary op, const Rows& r, const float* a, const float* b, float* y) {
  switch (op) {
    case Binary::kAdd:
      return rows(r, a, b, y, [](V u, V v) HWY_ATTR { return hn::Add(u, v); });
    case Binary::kSub:
      return rows(r, a, b, y, [](V u, V v) HWY_ATTR { return hn::Sub(u, v); });
    case Binary::kMul:
      return rows(r, a, b, y, [](V u, V v) HWY_ATTR { return hn::Mul(u, v); });
    case Binary::kDiv:
      return rows(r, a, b, y, [](V u, V v) HWY_ATTR { return hn::Div(u, v); });
    case Binary::kFirst:
      return rows(r, a, b, y, [](V u, V) HWY_ATTR { return u; });
  }
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/reduce.hpp"

namespace mlrun::kernels {

HWY_EXPORT(binary_kernel);

namespace {

struct Axis {
  int64_t size, a, b;  // strides; 0 where the operand is repeated
};

// Strides of `shape` seen as `result`, one per axis of the result.
std::vector<int64_t> strides(const Shape& shape, const Shape& result) {
  std::vector<int64_t> s(result.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t from = shape.size() - 1 - i, to = result.size() - 1 - i;
    if (shape[from] != 1) s[to] = stride;
    stride *= shape[from];
  }
  return s;
}

// Axes that lie one behind the other in both operands become one.
std::vector<Axis> merged_axes(const Shape& a, const Shape& b, const Shape& result) {
  const std::vector<int64_t> sa = strides(a, result), sb = strides(b, result);
  std::vector<Axis> axes;
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 1) continue;
    const Axis axis{result[i], sa[i], sb[i]};
    if (!axes.empty() && axes.back().a == axis.a * axis.size && axes.back().b == axis.b * axis.size) {
      axes.back() = {axes.back().size * axis.size, axis.a, axis.b};
    } else {
      axes.push_back(axis);
    }
  }
  while (axes.size() < 2) axes.insert(axes.begin(), {1, 0, 0});
  return axes;
}

Tensor binary(Binary op, const Tensor& a, const Tensor& b, const Shape& shape) {
  Tensor result(shape);
  if (result.count() == 0) return result;
  const profile::Scope scope("elementwise", "own", 0,
                             4.0 * static_cast<double>(a.count() + b.count() + result.count()));
  std::vector<Axis> axes = merged_axes(a.shape(), b.shape(), shape);
  const Axis inner = axes.back(), middle = axes[axes.size() - 2];
  axes.resize(axes.size() - 2);
  const Rows rows{middle.size, inner.size, middle.a, inner.a, middle.b, inner.b};
  const float *pa = a.data<float>(), *pb = b.data<float>();
  float* y = result.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(binary_kernel);
  std::vector<int64_t> at(axes.size(), 0);
  for (;;) {
    kernel(op, rows, pa, pb, y);
    y += rows.outer * rows.inner;
    size_t i = axes.size();
    for (; i > 0; --i) {
      const Axis& axis = axes[i - 1];
      pa += axis.a, pb += axis.b;
      if (++at[i - 1] < axis.size) break;
      pa -= axis.a * axis.size, pb -= axis.b * axis.size;
      at[i - 1] = 0;
    }
    if (i == 0) return result;
  }
}

Tensor binary(Binary op, const Tensor& a, const Tensor& b) {
  return binary(op, a, b, a.shape() == b.shape() ? a.shape() : broadcast_shape(a.shape(), b.shape()));
}

}  // namespace

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    require(x == y || x == 1 || y == 1, "shapes {} and {} do not broadcast", to_string(a), to_string(b));
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

Tensor add(const Tensor& a, const Tensor& b) { return binary(Binary::kAdd, a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return binary(Binary::kSub, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return binary(Binary::kMul, a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return binary(Binary::kDiv, a, b); }

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  require(broadcast_shape(x.shape(), shape) == shape, "{} does not broadcast to {}", to_string(x.shape()),
          to_string(shape));
  return binary(Binary::kFirst, x, x.reshape({-1}).rows(0, std::min<int64_t>(1, x.count())).reshape({-1}), shape);
}

Tensor sum_to_shape(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  require(broadcast_shape(x.shape(), shape) == x.shape(), "{} cannot be summed to {}", to_string(x.shape()),
          to_string(shape));
  std::vector<int64_t> axes;
  const size_t added = x.shape().size() - shape.size();
  for (size_t i = 0; i < x.shape().size(); ++i) {
    if (i < added || shape[i - added] != x.shape()[i]) axes.push_back(static_cast<int64_t>(i));
  }
  return sum(x, axes).reshape(shape);
}

}  // namespace mlrun::kernels
#endif  // HWY_ONCE

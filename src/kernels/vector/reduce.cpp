#include "kernels/vector/reduce.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/reduce.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include <algorithm>

#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::V;

// y[j] (+)= sum_i x[i, j]: rows of `inner` numbers, `n` of them. Eight rows are added in float, groups in double.
void sum_columns(const float* x, float* y, int64_t n, int64_t inner, float scale, bool accumulate) {
  constexpr simd::Floats d;
  constexpr int64_t kTile = 512, kGroup = 8;
  double total[kTile];
  HWY_ALIGN float part[kTile];
  for (int64_t begin = 0; begin < inner; begin += kTile) {
    const int64_t width = std::min(kTile, inner - begin);
    std::fill_n(total, width, 0.0);
    for (int64_t i = 0; i < n; i += kGroup) {
      const int64_t group = std::min(kGroup, n - i);
      const float* p = x + i * inner + begin;
      const int64_t step = simd::lanes();
      int64_t j = 0;
      for (; j + step <= width; j += step) {
        V s = hn::LoadU(d, p + j);
        for (int64_t g = 1; g < group; ++g) s = hn::Add(s, hn::LoadU(d, p + g * inner + j));
        hn::StoreU(s, d, part + j);
      }
      for (; j < width; ++j) {
        float s = p[j];
        for (int64_t g = 1; g < group; ++g) s += p[g * inner + j];
        part[j] = s;
      }
      for (j = 0; j < width; ++j) total[j] += static_cast<double>(part[j]);
    }
    for (int64_t j = 0; j < width; ++j) {
      const float s = static_cast<float>(total[j]) * scale;
      y[begin + j] = accumulate ? y[begin + j] + s : s;
    }
  }
}

void sum_kernel(const float* x, float* y, int64_t outer, int64_t n, int64_t inner, float scale, bool accumulate) {
  for (int64_t o = 0; o < outer; ++o, x += n * inner, y += inner) {
    if (inner == 1) {
      const float s = static_cast<float>(simd::sum(x, n)) * scale;
      *y = accumulate ? *y + s : s;
    } else {
      sum_columns(x, y, n, inner, scale, accumulate);
    }
  }
}

double total_kernel(const float* x, int64_t count) { return simd::sum(x, count); }

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {

HWY_EXPORT(sum_kernel);
HWY_EXPORT(total_kernel);

namespace {

std::vector<bool> reduced_axes(const Shape& shape, const Axes& axes) {
  std::vector<bool> reduced(shape.size(), false);
  const auto rank = static_cast<int64_t>(shape.size());
  for (const int64_t axis : axes) {
    const int64_t i = axis < 0 ? axis + rank : axis;
    require(i >= 0 && i < rank && !reduced[static_cast<size_t>(i)], "reduction of {} over axes {}", to_string(shape),
            to_string(axes));
    reduced[static_cast<size_t>(i)] = true;
  }
  return reduced;
}

// Runs step(x, y, outer, n, inner) for each run of neighbouring reduced axes, the last run first.
template <class Step>
Tensor reduce(const Tensor& x, const Axes& axes, bool keep, Step step) {
  const profile::Scope scope("reduce", "own", 0, 4.0 * static_cast<double>(x.count()));
  const std::vector<bool> reduced = reduced_axes(x.shape(), axes);
  Tensor current = x;
  int64_t inner = 1;
  for (size_t end = reduced.size(); end > 0;) {
    if (!reduced[end - 1]) {
      inner *= x.shape()[--end];
      continue;
    }
    int64_t n = 1, outer = 1;
    while (end > 0 && reduced[end - 1]) n *= x.shape()[--end];
    for (size_t i = 0; i < end; ++i) outer *= x.shape()[i];
    Tensor next({outer, inner});
    if (next.count() != 0) step(current.data<float>(), next.data<float>(), outer, n, inner);
    current = next;
  }
  Shape shape;
  for (size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) shape.push_back(x.shape()[i]);
    else if (keep) shape.push_back(1);
  }
  return (axes.empty() ? x.clone() : current).reshape(shape);
}

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keep) {
  return reduce(x, axes, keep, [](const float* from, float* to, int64_t outer, int64_t n, int64_t inner) {
    HWY_DYNAMIC_DISPATCH(sum_kernel)(from, to, outer, n, inner, 1.0f, false);
  });
}

Tensor mean(const Tensor& x, const Axes& axes, bool keep) {
  return reduce(x, axes, keep, [](const float* from, float* to, int64_t outer, int64_t n, int64_t inner) {
    HWY_DYNAMIC_DISPATCH(sum_kernel)(from, to, outer, n, inner, 1.0f / static_cast<float>(n), false);
  });
}

double total(const Tensor& x) { return HWY_DYNAMIC_DISPATCH(total_kernel)(x.data<float>(), x.count()); }

void sum_rows(Tensor& sums, const Tensor& x, bool accumulate) {
  const int64_t n = sums.count();
  require(x.rank() >= 1 && x.dim(-1) == n, "row sums of {} into {}", to_string(x.shape()), to_string(sums.shape()));
  if (n == 0) return;
  const profile::Scope scope("reduce", "own", 0, 4.0 * static_cast<double>(x.count()));
  HWY_DYNAMIC_DISPATCH(sum_kernel)(x.data<float>(), sums.data<float>(), 1, x.count() / n, n, 1.0f, accumulate);
}

Tensor argmax(const Tensor& x) {
  const int64_t n = x.dim(-1);
  require(n > 0, "argmax over an empty axis of {}", to_string(x.shape()));
  Tensor index(Shape(x.shape().begin(), x.shape().end() - 1), DType::kS32);
  const float* p = x.data<float>();
  for (int64_t i = 0; i < index.count(); ++i, p += n) {
    index.data<int32_t>()[i] = static_cast<int32_t>(std::max_element(p, p + n) - p);
  }
  return index;
}

}  // namespace mlrun::kernels
#endif  // HWY_ONCE

#include "kernels/vector/nearest_code.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/nearest_code.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using simd::V;
constexpr simd::Floats d;
constexpr hn::RebindToSigned<simd::Floats> ds;
}  // namespace

// Of a row of a tile: offset[k] - 2 products[k], codes `first` on, against the best so far.
void search_kernel(const float* products, const float* offset, int64_t codes, int64_t first, float* best,
                   int32_t* nearest) {
  const int64_t step = simd::lanes();
  int64_t k = 0;
  if (codes >= step) {
    V least = hn::Set(d, *best);
    auto which = hn::Set(ds, *nearest);
    const V minus_two = hn::Set(d, -2.0f);
    for (; k + step <= codes; k += step) {
      const V score = hn::MulAdd(minus_two, hn::LoadU(d, products + k), hn::LoadU(d, offset + k));
      const auto closer = hn::Lt(score, least);
      least = hn::IfThenElse(closer, score, least);
      which = hn::IfThenElse(hn::RebindMask(ds, closer), hn::Iota(ds, static_cast<int32_t>(first + k)), which);
    }
    HWY_ALIGN float scores[HWY_MAX_BYTES / sizeof(float)];
    HWY_ALIGN int32_t codes_of[HWY_MAX_BYTES / sizeof(int32_t)];
    hn::Store(least, d, scores);
    hn::Store(which, ds, codes_of);
    for (int64_t j = 0; j < step; ++j) {
      if (scores[j] < *best || (scores[j] == *best && codes_of[j] < *nearest)) {
        *best = scores[j];
        *nearest = codes_of[j];
      }
    }
  }
  for (; k < codes; ++k) {
    const float score = offset[k] - 2.0f * products[k];
    if (score < *best) {
      *best = score;
      *nearest = static_cast<int32_t>(first + k);
    }
  }
}

void squares_kernel(const float* x, int64_t rows, int64_t width, float* squares) {
  for (int64_t i = 0; i < rows; ++i) squares[i] = static_cast<float>(simd::dot(x + i * width, x + i * width, width));
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {
HWY_EXPORT(search_kernel);
HWY_EXPORT(squares_kernel);

void nearest_code(const float* x, int64_t rows, const float* table, int64_t codes, int64_t d, const float* bias,
                  int32_t* nearest) {
  constexpr int64_t kRows = 64, kCodes = 256;  // 64 kB of products
  const profile::Scope scope("nearest code", "own", 0, 4.0 * static_cast<double>(rows * d + codes * d));
  std::vector<float> offset(static_cast<size_t>(codes)), products(static_cast<size_t>(kRows * std::min(codes, kCodes)));
  HWY_DYNAMIC_DISPATCH(squares_kernel)(table, codes, d, offset.data());
  for (int64_t k = 0; bias && k < codes; ++k) offset[static_cast<size_t>(k)] += bias[k];
  std::vector<float> best(static_cast<size_t>(kRows));
  const auto search = HWY_DYNAMIC_DISPATCH(search_kernel);
  for (int64_t row = 0; row < rows; row += kRows) {
    const int64_t height = std::min(kRows, rows - row);
    std::fill(best.begin(), best.end(), std::numeric_limits<float>::infinity());
    std::fill_n(nearest + row, height, 0);
    for (int64_t first = 0; first < codes; first += kCodes) {
      const int64_t width = std::min(kCodes, codes - first);
      matmul({x + row * d, d}, {table + first * d, d, Transpose::kYes}, {products.data(), width}, {height, width, d});
      for (int64_t i = 0; i < height; ++i) {
        search(products.data() + i * width, offset.data() + first, width, first, &best[static_cast<size_t>(i)],
               nearest + row + i);
      }
    }
  }
}

void unit_rows(const float* x, int64_t rows, int64_t d, float* y) {
  for (int64_t i = 0; i < rows; ++i, x += d, y += d) {
    double square = 0;
    for (int64_t j = 0; j < d; ++j) square += static_cast<double>(x[j]) * static_cast<double>(x[j]);
    const float scale = static_cast<float>(1.0 / std::max(std::sqrt(square), 1e-12));
    for (int64_t j = 0; j < d; ++j) y[j] = x[j] * scale;
  }
}

}  // namespace mlrun::kernels
#endif

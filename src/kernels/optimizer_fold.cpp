#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer_fold.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Squares are taken and added in double: a float's square may overflow.
double fold_chunk(float* const* lanes, size_t lane_count, int64_t begin, int64_t end) {
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> d;
  const int64_t step = static_cast<int64_t>(hn::Lanes(d));
  constexpr int kChains = 4;
  hn::Vec<decltype(wide)> sums[kChains];
  for (auto& sum : sums) sum = hn::Zero(wide);
  float* const target = lanes[0];
  int64_t i = begin;
  for (; i + kChains * step <= end; i += kChains * step) {
    for (int k = 0; k < kChains; ++k) {
      const int64_t at = i + k * step;
      auto g = hn::LoadU(d, target + at);
      for (size_t lane = 1; lane < lane_count; ++lane) g = hn::Add(g, hn::LoadU(d, lanes[lane] + at));
      if (lane_count > 1) hn::StoreU(g, d, target + at);
      const auto square = hn::PromoteTo(wide, g);
      sums[k] = hn::MulAdd(square, square, sums[k]);
    }
  }
  double total = hn::GetLane(hn::SumOfLanes(wide, hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]))));
  for (; i < end; ++i) {
    float g = target[i];
    for (size_t lane = 1; lane < lane_count; ++lane) g += lanes[lane][i];
    target[i] = g;
    total += static_cast<double>(g) * static_cast<double>(g);
  }
  return total;
}

}  // namespace
void fold_kernel(float* const* lanes, size_t lane_count, int64_t count, int64_t first, int64_t last, double* squares) {
  for (int64_t chunk = first; chunk < last; ++chunk) {
    squares[chunk] = fold_chunk(lanes, lane_count, chunk * kNormChunk, std::min(count, (chunk + 1) * kNormChunk));
  }
}
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(fold_kernel);

void fold_gradients(const std::vector<float*>& lanes, int64_t count, int64_t first, int64_t last, double* squares) {
  require(!lanes.empty() && first >= 0 && last <= norm_chunks(count), "chunks [{}, {}) of {} lanes of {} gradients",
          first, last, lanes.size(), count);
  HWY_DYNAMIC_DISPATCH(fold_kernel)(lanes.data(), lanes.size(), count, first, last, squares);
}

double gradient_norm(const double* squares, int64_t chunks) {
  double sum = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += squares[chunk];
  return std::sqrt(sum);
}

}  // namespace mlrun::kernels
#endif

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
double fold_run(float* const* lanes, size_t lane_count, int64_t begin, int64_t end) {
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
void fold_kernel(float* const* lanes, size_t lane_count, std::span<const Range> runs, double* squares) {
  for (const Range& run : runs) *squares++ = fold_run(lanes, lane_count, run.begin, run.end);
}
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(fold_kernel);

void fold_gradients(const std::vector<float*>& lanes, std::span<const Range> runs, double* squares) {
  require(!lanes.empty(), "gradients of no lanes to be folded");
  HWY_DYNAMIC_DISPATCH(fold_kernel)(lanes.data(), lanes.size(), runs, squares);
}

double gradient_norm(const double* squares, int64_t count) {
  double sum = 0;
  for (int64_t r = 0; r < count; ++r) sum += squares[r];
  return std::sqrt(sum);
}

}  // namespace mlrun::kernels
#endif

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.hpp"
#include "kernels/optimizer/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer/optimizer.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// The sum over lanes by the tree, of one vector: for the usual counts without a branch on the way.
template <size_t kCount, class D>
hn::Vec<D> sum_of(D d, float* const* lanes, int64_t at) {
  if constexpr (kCount == 1) {
    return hn::LoadU(d, lanes[0] + at);
  } else {
    constexpr size_t kLeft = left_lanes(kCount);
    return hn::Add(sum_of<kLeft>(d, lanes, at), sum_of<kCount - kLeft>(d, lanes + kLeft, at));
  }
}

template <class D>
hn::Vec<D> sum_of(D d, float* const* lanes, size_t count, int64_t at) {
  switch (count) {
    case 1:
      return sum_of<1>(d, lanes, at);
    case 2:
      return sum_of<2>(d, lanes, at);
    case 4:
      return sum_of<4>(d, lanes, at);
    case 8:
      return sum_of<8>(d, lanes, at);
    case 16:
      return sum_of<16>(d, lanes, at);
    default:
      break;
  }
  const size_t left = left_lanes(count);
  return hn::Add(sum_of(d, lanes, left, at), sum_of(d, lanes + left, count - left, at));
}

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
      const auto g = sum_of(d, lanes, lane_count, at);
      if (lane_count > 1) hn::StoreU(g, d, target + at);
      const auto square = hn::PromoteTo(wide, g);
      sums[k] = hn::MulAdd(square, square, sums[k]);
    }
  }
  double total = hn::GetLane(hn::SumOfLanes(wide, hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]))));
  for (; i < end; ++i) {
    const float g = fold_lanes(
        lane_count, [&](size_t lane) { return lanes[lane][i]; }, std::plus<>());
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

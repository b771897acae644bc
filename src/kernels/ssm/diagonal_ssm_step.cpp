#include "kernels/ssm/diagonal_ssm_step.hpp"

#include <algorithm>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/diagonal_ssm_step.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/ssm/diagonal_ssm_poles.hpp"
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int64_t kBlock = DiagonalSsmSteps::kBlock;

void arrange_diagonal_ssm(const DiagonalSsm& system, float* to) {
  ssm::Poles poles(system);
  for (int64_t h = 0; h < system.channels; ++h) {
    poles.read(h);
    float* place = to + h / kBlock * system.poles * 4 * kBlock + h % kBlock;
    for (int64_t p = 0; p < system.poles; ++p, place += 4 * kBlock) {
      const auto i = static_cast<size_t>(p);
      place[0] = static_cast<float>(poles.z().re[i]);
      place[kBlock] = static_cast<float>(poles.z().im[i]);
      place[2 * kBlock] = static_cast<float>(poles.weight().re[i]);
      place[3 * kBlock] = static_cast<float>(poles.weight().im[i]);
    }
  }
}

// `valid` channels, at most a vector, of one sequence.
HWY_INLINE V channels_step(const float* w, int64_t poles, V d_weight, V u, float* x) {
  const Floats d;
  V y = hn::Mul(d_weight, u), minus = hn::Zero(d);
  for (int64_t p = 0; p < poles; ++p, w += 4 * kBlock, x += 2 * kBlock) {
    const V a = hn::LoadU(d, w), b = hn::LoadU(d, w + kBlock);
    const V re = hn::LoadU(d, x), im = hn::LoadU(d, x + kBlock);
    const V next_re = hn::MulAdd(a, re, hn::NegMulAdd(b, im, u)), next_im = hn::MulAdd(a, im, hn::Mul(b, re));
    hn::StoreU(next_re, d, x);
    hn::StoreU(next_im, d, x + kBlock);
    y = hn::MulAdd(hn::LoadU(d, w + 2 * kBlock), next_re, y);
    minus = hn::MulAdd(hn::LoadU(d, w + 3 * kBlock), next_im, minus);
  }
  return hn::Sub(y, minus);
}

void diagonal_ssm_step(const float* weights, const float* d_weights, int64_t channels, int64_t poles, float* states,
                       const float* u, int64_t count, float* y) {
  const Floats d;
  for (int64_t first = 0; first < channels; first += kBlock, weights += 4 * poles * kBlock) {
    for (int64_t i = 0; i < count; ++i, states += 2 * poles * kBlock) {
      for (int64_t k = 0; k < kBlock && first + k < channels; k += simd::lanes()) {
        const int64_t place = i * channels + first + k, valid = std::min(simd::lanes(), channels - first - k);
        const V out = channels_step(weights + k, poles, hn::LoadU(d, d_weights + first + k),
                                    simd::load(u + place, valid), states + k);
        if (valid == simd::lanes()) hn::StoreU(out, d, y + place);
        else simd::store_some(out, y + place, valid);
      }
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(arrange_diagonal_ssm);
HWY_EXPORT(diagonal_ssm_step);

DiagonalSsmSteps::DiagonalSsmSteps(const DiagonalSsm& system)
    : channels_(system.channels),
      poles_(system.poles),
      blocks_((system.channels + kBlock - 1) / kBlock),
      poles_and_weights_(Tensor::zeros({blocks_, poles_, 4, kBlock})),
      d_(Tensor::zeros({blocks_, kBlock})) {
  HWY_DYNAMIC_DISPATCH(arrange_diagonal_ssm)(system, poles_and_weights_.data<float>());
  std::copy_n(system.d, channels_, d_.data<float>());
}

void DiagonalSsmSteps::operator()(Tensor& states, const float* u, int64_t count, float* y) const {
  const double numbers = static_cast<double>(channels_ * poles_);
  const profile::Scope scope("diagonal ssm step", "own", 12 * numbers * static_cast<double>(count),
                             16 * numbers * static_cast<double>(1 + count));
  HWY_DYNAMIC_DISPATCH(diagonal_ssm_step)
  (poles_and_weights_.data<float>(), d_.data<float>(), channels_, poles_, states.data<float>(), u, count, y);
}

}  // namespace mlrun::kernels
#endif

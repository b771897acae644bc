#include "kernels/recurrent/gru.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/gru.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

void gru_step(const GruStep& s) {
  const Floats d;
  const int64_t width = s.width;
  for (int64_t e = 0; e < s.count; ++e) {
    const float *pre = s.pre.data + e * s.pre.stride, *recurrent = s.recurrent.data + e * s.recurrent.stride;
    const float* before = s.h_before.data + e * s.h_before.stride;
    float *kept = s.kept.data ? s.kept.data + e * s.kept.stride : nullptr, *h = s.h.data + e * s.h.stride;
    for (int64_t k = 0; k < width; k += simd::lanes()) {
      const int64_t valid = std::min(simd::lanes(), width - k);
      const auto get = [valid](const float* from) HWY_ATTR { return simd::load(from, valid); };
      const V r = vmath::sigmoid(d, hn::Add(get(pre + width + k), get(recurrent + k)));
      const V z = vmath::sigmoid(d, hn::Add(get(pre + 2 * width + k), get(recurrent + width + k)));
      const V q = hn::Add(get(recurrent + 2 * width + k), get(s.b_q + k));
      const V n = vmath::tanh(d, hn::MulAdd(r, q, get(pre + k)));
      simd::store(hn::MulAdd(z, hn::Sub(get(before + k), n), n), h + k, valid);
      if (!kept) continue;
      simd::store(n, kept + k, valid);
      simd::store(r, kept + width + k, valid);
      simd::store(z, kept + 2 * width + k, valid);
      simd::store(q, kept + 3 * width + k, valid);
    }
  }
}

void gru_step_gradient(const GruStepGradient& s) {
  const Floats d;
  const V one = hn::Set(d, 1.0f);
  const int64_t width = s.width;
  for (int64_t e = 0; e < s.count; ++e) {
    const float* before = s.h_before.data ? s.h_before.data + e * s.h_before.stride : nullptr;
    const float* add = s.add.data ? s.add.data + e * s.add.stride : nullptr;
    float *kept = s.kept.data + e * s.kept.stride, *dh = s.dh.data + e * s.dh.stride;
    for (int64_t k = 0; k < width; k += simd::lanes()) {
      const int64_t valid = std::min(simd::lanes(), width - k);
      const auto get = [valid](const float* from) HWY_ATTR { return simd::load(from, valid); };
      const V n = get(kept + k), r = get(kept + width + k), z = get(kept + 2 * width + k),
              q = get(kept + 3 * width + k);
      const V into = get(dh + k), h_before = before ? get(before + k) : hn::Zero(d);
      const V dn = hn::Mul(hn::Mul(into, hn::Sub(one, z)), hn::NegMulAdd(n, n, one));
      simd::store(dn, kept + k, valid);
      simd::store(hn::Mul(hn::Mul(dn, q), hn::Mul(r, hn::Sub(one, r))), kept + width + k, valid);
      simd::store(hn::Mul(hn::Mul(into, hn::Sub(h_before, n)), hn::Mul(z, hn::Sub(one, z))), kept + 2 * width + k,
                  valid);
      simd::store(hn::Mul(dn, r), kept + 3 * width + k, valid);
      simd::store(hn::MulAdd(into, z, add ? get(add + k) : hn::Zero(d)), dh + k, valid);
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(gru_step);
HWY_EXPORT(gru_step_gradient);

void gru_step(const GruStep& step) { HWY_DYNAMIC_DISPATCH(gru_step)(step); }
void gru_step_gradient(const GruStepGradient& step) { HWY_DYNAMIC_DISPATCH(gru_step_gradient)(step); }

}  // namespace mlrun::kernels
#endif

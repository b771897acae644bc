#include "kernels/vector/bernoulli.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/bernoulli.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using simd::V;
constexpr simd::Floats d;
constexpr hn::RebindToSigned<simd::Floats> ds;
using Symbols = hn::Vec<hn::RebindToSigned<simd::Floats>>;

HWY_INLINE Symbols load_symbols(const int32_t* p, int64_t count) {
  if (count == simd::lanes()) return hn::LoadU(ds, p);
  HWY_ALIGN int32_t buffer[HWY_MAX_BYTES / sizeof(int32_t)] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return hn::Load(ds, buffer);
}

// softplus of -l where the symbol is 1, of l where it is 0. One function for both signs: x = 1 costs no cancellation.
HWY_INLINE V nll(V logit, Symbols x) {
  return vmath::softplus(d, hn::Xor(logit, hn::BitCast(d, hn::ShiftLeft<31>(x))));
}

}  // namespace

void bernoulli_forward_kernel(const float* logits, const int32_t* x, int64_t n, int64_t positions, float* out) {
  for (int64_t i = 0; i < n; ++i) {
    const float* row = logits + i * positions;
    const int32_t* symbols = x + i * positions;
    out[i] = static_cast<float>(simd::sum_of(positions, [=](int64_t k, int64_t count) HWY_ATTR {
      if (count == simd::lanes()) return nll(hn::LoadU(d, row + k), hn::LoadU(ds, symbols + k));
      const V part = nll(simd::load_some(row + k, count), load_symbols(symbols + k, count));
      return hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(count)), part);
    }));
  }
}

void bernoulli_backward_kernel(const float* logits, const int32_t* x, const float* scale, int64_t n, int64_t positions,
                               float* dlogits) {
  const int64_t step = simd::lanes();
  for (int64_t i = 0; i < n; ++i) {
    const V factor = hn::Set(d, scale[i]);
    for (int64_t k = 0; k < positions; k += step) {
      const int64_t at = i * positions + k, count = positions - k < step ? positions - k : step;
      const V probability = vmath::sigmoid(d, simd::load(logits + at, count));
      const V error = hn::Sub(probability, hn::ConvertTo(d, load_symbols(x + at, count)));
      const V gradient = hn::Mul(factor, error);
      if (count == step) {
        hn::StoreU(gradient, d, dlogits + at);
      } else {
        simd::store_some(gradient, dlogits + at, count);
      }
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(bernoulli_forward_kernel);
HWY_EXPORT(bernoulli_backward_kernel);

void bernoulli_nll_forward(const float* logits, const int32_t* x, int64_t n, int64_t positions, float* nll) {
  HWY_DYNAMIC_DISPATCH(bernoulli_forward_kernel)(logits, x, n, positions, nll);
}

void bernoulli_nll_backward(const float* logits, const int32_t* x, const float* scale, int64_t n, int64_t positions,
                            float* dlogits) {
  HWY_DYNAMIC_DISPATCH(bernoulli_backward_kernel)(logits, x, scale, n, positions, dlogits);
}

}  // namespace mlrun::kernels
#endif

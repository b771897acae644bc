#include "kernels/recurrent/lstm.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/lstm.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int kExamples = HWY_TARGET <= HWY_AVX3 ? 4 : 2;  // that share a pass over the weights

template <class T>
HWY_INLINE T* row(const Rows<T>& s, int64_t example) {
  return s.data ? s.data + example * s.stride : nullptr;
}

// Channels from k on (at most a vector) of `examples` examples from `first` on.
template <int examples>
HWY_INLINE void cells(const LstmStep& s, int64_t first, int64_t k) {
  const Floats d;
  const int64_t width = s.width, valid = std::min(simd::lanes(), width - k);
  V sums[examples][4];
#pragma GCC unroll 4
  for (int e = 0; e < examples; ++e) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) sums[e][q] = simd::load(row(s.pre, first + e) + q * width + k, valid);
  }
  if (s.h_before.data) {
    const float* h = row(s.h_before, first);
    const float* w = s.w + k;
    for (int64_t j = 0; j < width; ++j, w += 4 * width) {
      V weights[4];
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) weights[q] = simd::load(w + q * width, valid);
#pragma GCC unroll 4
      for (int e = 0; e < examples; ++e) {
        const V x = hn::Set(d, h[e * s.h_before.stride + j]);
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) sums[e][q] = hn::MulAdd(x, weights[q], sums[e][q]);
      }
    }
  }
#pragma GCC unroll 4
  for (int e = 0; e < examples; ++e) {
    const V i = vmath::sigmoid(d, sums[e][0]), f = vmath::sigmoid(d, sums[e][1]), o = vmath::sigmoid(d, sums[e][2]),
            g = vmath::tanh(d, sums[e][3]);
    V c = hn::Mul(i, g);
    if (s.c_before.data) c = hn::MulAdd(f, simd::load(row(s.c_before, first + e) + k, valid), c);
    float* gates = row(s.gates, first + e) + k;
    simd::store(i, gates, valid);
    simd::store(f, gates + width, valid);
    simd::store(o, gates + 2 * width, valid);
    simd::store(g, gates + 3 * width, valid);
    simd::store(c, row(s.c, first + e) + k, valid);
    simd::store(hn::Mul(o, vmath::tanh(d, c)), row(s.h, first + e) + k, valid);
  }
}

void lstm_step(const LstmStep& s) {
  for (int64_t k = 0; k < s.width; k += simd::lanes()) {
    int64_t e = 0;
    for (; e + kExamples <= s.count; e += kExamples) cells<kExamples>(s, e, k);
    for (; e < s.count; ++e) cells<1>(s, e, k);
  }
}

// d_pre of one example.
HWY_INLINE void gate_gradients(const LstmStepGradient& s, int64_t example) {
  const Floats d;
  const V one = hn::Set(d, 1.0f);
  const int64_t width = s.width;
  const float *gates = row(s.gates, example), *before = row(s.c_before, example);
  float *dc = row(s.dc, example), *d_pre = row(s.d_pre, example);
  for (int64_t k = 0; k < width; k += simd::lanes()) {
    const int64_t valid = std::min(simd::lanes(), width - k);
    const V i = simd::load(gates + k, valid), f = simd::load(gates + width + k, valid),
            o = simd::load(gates + 2 * width + k, valid), g = simd::load(gates + 3 * width + k, valid);
    const V dh = simd::load(row(s.dh, example) + k, valid);
    const V t = vmath::tanh(d, simd::load(row(s.c, example) + k, valid));
    const V into_c = hn::MulAdd(hn::Mul(dh, o), hn::NegMulAdd(t, t, one), simd::load(dc + k, valid));
    const V c_before = before ? simd::load(before + k, valid) : hn::Zero(d);
    simd::store(hn::Mul(hn::Mul(into_c, g), hn::Mul(i, hn::Sub(one, i))), d_pre + k, valid);
    simd::store(hn::Mul(hn::Mul(into_c, c_before), hn::Mul(f, hn::Sub(one, f))), d_pre + width + k, valid);
    simd::store(hn::Mul(hn::Mul(dh, t), hn::Mul(o, hn::Sub(one, o))), d_pre + 2 * width + k, valid);
    simd::store(hn::Mul(hn::Mul(into_c, i), hn::NegMulAdd(g, g, one)), d_pre + 3 * width + k, valid);
    simd::store(hn::Mul(into_c, f), dc + k, valid);
  }
}

// dh_before = d_pre W^T, for `examples` examples.
template <int examples>
HWY_INLINE void turned_product(const LstmStepGradient& s, int64_t first) {
  const Floats d;
  const int64_t width = s.width;
  for (int64_t k = 0; k < width; k += simd::lanes()) {
    const int64_t valid = std::min(simd::lanes(), width - k);
    V even[examples], odd[examples];
#pragma GCC unroll 4
    for (int e = 0; e < examples; ++e) even[e] = odd[e] = hn::Zero(d);
    const float* w = s.w_turned + k;
    const float* x = row(s.d_pre, first);
    for (int64_t j = 0; j < 4 * width; j += 2, w += 2 * width) {
      const V w0 = simd::load(w, valid), w1 = simd::load(w + width, valid);
#pragma GCC unroll 4
      for (int e = 0; e < examples; ++e) {
        even[e] = hn::MulAdd(hn::Set(d, x[e * s.d_pre.stride + j]), w0, even[e]);
        odd[e] = hn::MulAdd(hn::Set(d, x[e * s.d_pre.stride + j + 1]), w1, odd[e]);
      }
    }
#pragma GCC unroll 4
    for (int e = 0; e < examples; ++e) simd::store(hn::Add(even[e], odd[e]), row(s.dh_before, first + e) + k, valid);
  }
}

void lstm_step_gradient(const LstmStepGradient& s) {
  for (int64_t e = 0; e < s.count; ++e) gate_gradients(s, e);
  if (!s.w_turned) return;
  int64_t e = 0;
  for (; e + kExamples <= s.count; e += kExamples) turned_product<kExamples>(s, e);
  for (; e < s.count; ++e) turned_product<1>(s, e);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(lstm_step);
HWY_EXPORT(lstm_step_gradient);

void lstm_step(const LstmStep& step) { HWY_DYNAMIC_DISPATCH(lstm_step)(step); }
void lstm_step_gradient(const LstmStepGradient& step) { HWY_DYNAMIC_DISPATCH(lstm_step_gradient)(step); }

}  // namespace mlrun::kernels
#endif

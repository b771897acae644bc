#include "kernels/conv/causal_taps.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/causal_taps.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// What goes into SiLU at channels k ..: x is the row of the position, earlier ones lie `stride` before. Taps before
// `from` would reach before the first position.
HWY_INLINE V before_silu(const float* x, int64_t stride, const float* w, const float* bias, int64_t channels,
                         int64_t taps, int64_t from, int64_t k, int64_t valid) {
  V sum = simd::load(bias + k, valid);
  for (int64_t j = from; j < taps; ++j) {
    sum = hn::MulAdd(simd::load(w + j * channels + k, valid), simd::load(x - (taps - 1 - j) * stride + k, valid), sum);
  }
  return sum;
}

// `known`: a number of taps that the compiler knows, or 0. `before`: rows that lie before the first.
template <int known>
void taps_forward(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                  SequenceRows<float> y, int64_t before) {
  const Floats d;
  const int64_t taps = known ? known : s.taps, n = simd::lanes();
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t t = 0; t < s.length; ++t) {
      const int64_t from = std::max<int64_t>(0, taps - 1 - t - before);
      const float* row = x.at(i, t);
      float* to = y.at(i, t);
      for (int64_t k = 0; k < s.channels; k += n) {
        const int64_t valid = std::min(n, s.channels - k);
        const V p = before_silu(row, x.position, w, bias, s.channels, taps, from, k, valid);
        simd::store(hn::Mul(p, vmath::sigmoid(d, p)), to + k, valid);
      }
    }
  }
}

// So many positions are walked for one vector of channels, then for the next: what a vector needs stays in registers.
constexpr int64_t kStretch = 64;

// Rows [taps, channels] that a vector of channels carries from stretch to stretch: the gradients of the taps, and
// SiLU's gradient at the last positions, the newest first; and the gradient of the bias.
struct Carried {
  float *dw, *q, *bias;
};

// Positions begin .. end - 1 of sequence i at channels k ..; behind the last one the gradient is 0. With q_t = dy_t
// silu'(pre_t): dw_j += q_t x_{t - taps + 1 + j}, and, once q_t is known, dx_{t - taps + 1} = sum over j of w_j q_{t -
// j}.
template <int known>
HWY_INLINE void stretch(const TapsShape& s, const SequenceRows<const float>& x, const float* w, const float* bias,
                        const SequenceRows<const float>& dy, const SequenceRows<float>& dx, const Carried& carried,
                        int64_t i, int64_t begin, int64_t end, int64_t k, int64_t valid) {
  constexpr int64_t kRoom = known ? known : kMostTaps;
  const Floats d;
  const V one = hn::Set(d, 1.0f), offset = simd::load(bias + k, valid);
  const int taps = known ? known : static_cast<int>(s.taps);
  V weights[kRoom], xs[kRoom], dw[kRoom], q[kRoom], d_bias = simd::load(carried.bias + k, valid);
  for (int j = 0; j < taps; ++j) {
    const int64_t t = begin - taps + j;  // xs moves on before it is used
    xs[j] = t >= 0 && t < s.length ? simd::load(x.at(i, t) + k, valid) : hn::Zero(d);
    weights[j] = simd::load(w + j * s.channels + k, valid);
    dw[j] = simd::load(carried.dw + j * s.channels + k, valid);
    q[j] = simd::load(carried.q + j * s.channels + k, valid);
  }
  for (int64_t t = begin; t < end; ++t) {
    for (int j = taps - 1; j > 0; --j) q[j] = q[j - 1];
    q[0] = hn::Zero(d);
    if (t < s.length) {
      for (int j = 0; j + 1 < taps; ++j) xs[j] = xs[j + 1];
      xs[taps - 1] = simd::load(x.at(i, t) + k, valid);
      V p = offset;
      for (int j = 0; j < taps; ++j) p = hn::MulAdd(weights[j], xs[j], p);
      const V g = vmath::sigmoid(d, p), slope = hn::Mul(g, hn::MulAdd(p, hn::Sub(one, g), one));
      q[0] = hn::Mul(simd::load(dy.at(i, t) + k, valid), slope);
      d_bias = hn::Add(d_bias, q[0]);
      for (int j = 0; j < taps; ++j) dw[j] = hn::MulAdd(q[0], xs[j], dw[j]);
    }
    if (t < taps - 1) continue;
    V sum = hn::Zero(d);
    for (int j = 0; j < taps; ++j) sum = hn::MulAdd(weights[j], q[j], sum);
    simd::store(sum, dx.at(i, t - taps + 1) + k, valid);
  }
  simd::store(d_bias, carried.bias + k, valid);
  for (int j = 0; j < taps; ++j) {
    simd::store(dw[j], carried.dw + j * s.channels + k, valid);
    simd::store(q[j], carried.q + j * s.channels + k, valid);
  }
}

template <int known>
void taps_backward(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                   SequenceRows<const float> dy, const TapsGradients& to, const Carried& carried) {
  const int64_t n = simd::lanes(), last = s.length + s.taps - 1;
  for (int64_t i = 0; i < s.sequences; ++i) {
    std::fill_n(carried.dw, s.taps * s.channels, 0.0f);
    std::fill_n(carried.q, s.taps * s.channels, 0.0f);
    std::fill_n(carried.bias, s.channels, 0.0f);
    for (int64_t begin = 0; begin < last; begin += kStretch) {
      const int64_t end = std::min(last, begin + kStretch);
      int64_t k = 0;
      for (; k + n <= s.channels; k += n) stretch<known>(s, x, w, bias, dy, to.x, carried, i, begin, end, k, n);
      if (k < s.channels) stretch<known>(s, x, w, bias, dy, to.x, carried, i, begin, end, k, s.channels - k);
    }
    const auto add = [](V a, V b) HWY_ATTR { return hn::Add(a, b); };
    simd::map(to.w, carried.dw, to.w, s.taps * s.channels, add);
    simd::map(to.bias, carried.bias, to.bias, s.channels, add);
  }
}

void taps_of_any(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                 SequenceRows<float> y, int64_t before) {
  if (s.taps == 4) taps_forward<4>(s, x, w, bias, y, before);
  else taps_forward<0>(s, x, w, bias, y, before);
}

void taps_gradient_of_any(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                          SequenceRows<const float> dy, const TapsGradients& to, float* dw, float* q, float* d_bias) {
  const Carried carried = {dw, q, d_bias};
  if (s.taps == 4) taps_backward<4>(s, x, w, bias, dy, to, carried);
  else taps_backward<0>(s, x, w, bias, dy, to, carried);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(taps_of_any);
HWY_EXPORT(taps_gradient_of_any);

void causal_taps(const TapsShape& shape, SequenceRows<const float> x, const float* w, const float* bias,
                 SequenceRows<float> y) {
  const profile::Scope scope("causal taps", "own", 0,
                             8.0 * static_cast<double>(shape.sequences * shape.length * shape.channels));
  HWY_DYNAMIC_DISPATCH(taps_of_any)(shape, x, w, bias, y, 0);
}

void causal_taps_gradient(const TapsShape& shape, SequenceRows<const float> x, const float* w, const float* bias,
                          SequenceRows<const float> dy, const TapsGradients& to) {
  const profile::Scope scope("causal taps gradient", "own", 0,
                             12.0 * static_cast<double>(shape.sequences * shape.length * shape.channels));
  const auto row = static_cast<size_t>(shape.channels), all = static_cast<size_t>(shape.taps) * row;
  require(shape.taps >= 1 && shape.taps <= kMostTaps, "a causal convolution of {} taps, at most {}", shape.taps,
          kMostTaps);
  std::vector<float> dw(all), q(all), d_bias(row);
  HWY_DYNAMIC_DISPATCH(taps_gradient_of_any)(shape, x, w, bias, dy, to, dw.data(), q.data(), d_bias.data());
}

void causal_taps_step(const TapsShape& shape, const float* x, const float* w, const float* bias, float* past,
                      float* y) {
  std::copy(past + shape.channels, past + shape.taps * shape.channels, past);
  float* now = past + (shape.taps - 1) * shape.channels;
  std::copy_n(x, shape.channels, now);
  const TapsShape one = {1, 1, shape.channels, shape.taps};
  HWY_DYNAMIC_DISPATCH(taps_of_any)(one, {now, 0, shape.channels}, w, bias, {y, 0, 0}, shape.taps - 1);
}

}  // namespace mlrun::kernels
#endif

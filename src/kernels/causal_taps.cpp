#include "kernels/causal_taps.hpp"

#include <algorithm>
#include <vector>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/causal_taps.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/simd.hpp"
#include "kernels/vector_math.hpp"

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

// d_pre of a position, and what it adds to dw and dbias.
template <int known>
HWY_INLINE void into_taps(const TapsShape& s, const float* x, int64_t stride, int64_t t, const float* w,
                          const float* bias, const float* dy, float* d_pre, float* dw, float* d_bias) {
  const Floats d;
  const V one = hn::Set(d, 1.0f);
  const int64_t taps = known ? known : s.taps, n = simd::lanes(), from = std::max<int64_t>(0, taps - 1 - t);
  for (int64_t k = 0; k < s.channels; k += n) {
    const int64_t valid = std::min(n, s.channels - k);
    const V p = before_silu(x, stride, w, bias, s.channels, taps, from, k, valid), g = vmath::sigmoid(d, p);
    const V slope = hn::Mul(g, hn::MulAdd(p, hn::Sub(one, g), one));
    const V q = hn::Mul(simd::load(dy + k, valid), slope);
    simd::store(q, d_pre + k, valid);
    simd::store(hn::Add(simd::load(d_bias + k, valid), q), d_bias + k, valid);
    for (int64_t j = from; j < taps; ++j) {
      float* to = dw + j * s.channels + k;
      simd::store(hn::MulAdd(q, simd::load(x - (taps - 1 - j) * stride + k, valid), simd::load(to, valid)), to, valid);
    }
  }
}

// dx at position t: sum over j of w_j d_pre_{t + taps - 1 - j}. Row t of d_pre is row t modulo taps of the ring.
template <int known>
HWY_INLINE void out_of_taps(const TapsShape& s, int64_t t, const float* w, const float* ring, float* dx) {
  const Floats d;
  const int64_t taps = known ? known : s.taps, n = simd::lanes();
  const int64_t first = std::max<int64_t>(0, t + taps - s.length);
  for (int64_t k = 0; k < s.channels; k += n) {
    const int64_t valid = std::min(n, s.channels - k);
    V sum = hn::Zero(d);
    for (int64_t j = first; j < taps; ++j) {
      const float* from = ring + (t + taps - 1 - j) % taps * s.channels + k;
      sum = hn::MulAdd(simd::load(w + j * s.channels + k, valid), simd::load(from, valid), sum);
    }
    simd::store(sum, dx + k, valid);
  }
}

template <int known>
void taps_backward(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                   SequenceRows<const float> dy, const TapsGradients& to, float* ring, float* dw, float* d_bias) {
  const int64_t taps = known ? known : s.taps;
  for (int64_t i = 0; i < s.sequences; ++i) {
    std::fill_n(dw, taps * s.channels, 0.0f);
    std::fill_n(d_bias, s.channels, 0.0f);
    for (int64_t t = 0; t < s.length + taps - 1; ++t) {
      if (t < s.length) {
        into_taps<known>(s, x.at(i, t), x.position, t, w, bias, dy.at(i, t), ring + t % taps * s.channels, dw, d_bias);
      }
      if (t >= taps - 1) out_of_taps<known>(s, t - taps + 1, w, ring, to.x.at(i, t - taps + 1));
    }
    const auto add = [](V a, V b) HWY_ATTR { return hn::Add(a, b); };
    simd::map(to.w, dw, to.w, taps * s.channels, add);
    simd::map(to.bias, d_bias, to.bias, s.channels, add);
  }
}

void taps_of_any(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                 SequenceRows<float> y, int64_t before) {
  if (s.taps == 4) taps_forward<4>(s, x, w, bias, y, before);
  else taps_forward<0>(s, x, w, bias, y, before);
}

void taps_gradient_of_any(const TapsShape& s, SequenceRows<const float> x, const float* w, const float* bias,
                          SequenceRows<const float> dy, const TapsGradients& to, float* ring, float* dw,
                          float* d_bias) {
  if (s.taps == 4) taps_backward<4>(s, x, w, bias, dy, to, ring, dw, d_bias);
  else taps_backward<0>(s, x, w, bias, dy, to, ring, dw, d_bias);
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
  std::vector<float> ring(all), dw(all), d_bias(row);
  HWY_DYNAMIC_DISPATCH(taps_gradient_of_any)(shape, x, w, bias, dy, to, ring.data(), dw.data(), d_bias.data());
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

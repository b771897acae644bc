#include "kernels/ssm/channel_decay.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/channel_decay.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int64_t kBorder = 32;  // positions from one state that is kept to the next

// Below: one head of one sequence. `in` begins at its first position, rows of keys are `key_row` apart and rows of values
// `value_row`. borders [chunk, ...] begin at the head's state after the first chunk and are `border_row` apart.

void forward(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* scratch, float* borders,
             int64_t border_row, float* y) {
  const Floats d;
  const int64_t lanes = simd::lanes(), key_row = shape.heads * shape.keys, value_row = shape.heads * shape.values;
  simd::each_vector(shape.values, [&](int64_t p, int64_t valid) HWY_ATTR {
    std::fill_n(scratch, shape.keys * lanes, 0.0f);
    for (int64_t t = 0; t < shape.length; ++t) {
      const float *q = in.q + t * key_row, *k = in.k + t * key_row, *a = in.a + t * key_row;
      const V v = simd::load(in.v + t * value_row + p, valid);
      V sum = hn::Zero(d);
      float* s = scratch;
      for (int64_t n = 0; n < shape.keys; ++n, s += lanes) {
        const V now = hn::MulAdd(hn::Set(d, a[n]), hn::LoadU(d, s), hn::Mul(hn::Set(d, k[n]), v));
        hn::StoreU(now, d, s);
        sum = hn::MulAdd(hn::Set(d, q[n]), now, sum);
      }
      simd::store(sum, y + t * value_row + p, valid);
      if (!borders || (t + 1) % kBorder != 0 || t + 1 == shape.length) continue;
      float* to = borders + t / kBorder * border_row;
      for (int64_t n = 0; n < shape.keys; ++n)
        simd::store(hn::LoadU(d, scratch + n * lanes), to + n * shape.values + p, valid);
    }
  });
}

// The gradient of the values, which needs no state but its own gradient.
void value_gradient(const ChannelDecayShape& shape, const ChannelDecayInputs& in, const float* dy, float* scratch,
                    float* dv) {
  const Floats d;
  const int64_t lanes = simd::lanes(), key_row = shape.heads * shape.keys, value_row = shape.heads * shape.values;
  simd::each_vector(shape.values, [&](int64_t p, int64_t valid) HWY_ATTR {
    std::fill_n(scratch, shape.keys * lanes, 0.0f);
    for (int64_t t = shape.length - 1; t >= 0; --t) {
      const float *q = in.q + t * key_row, *k = in.k + t * key_row, *a = in.a + t * key_row;
      const V g = simd::load(dy + t * value_row + p, valid);
      V sum = hn::Zero(d);
      float* s = scratch;
      for (int64_t n = 0; n < shape.keys; ++n, s += lanes) {
        const V now = hn::MulAdd(hn::Set(d, q[n]), g, hn::LoadU(d, s));
        sum = hn::MulAdd(hn::Set(d, k[n]), now, sum);
        hn::StoreU(hn::Mul(hn::Set(d, a[n]), now), d, s);
      }
      simd::store(sum, dv + t * value_row + p, valid);
    }
  });
}

// Those of queries, keys and decays: here a vector holds keys, so that no sum goes across it. scratch: room for the
// gradient of the state and kBorder + 1 states.
void key_gradient(const ChannelDecayShape& shape, const ChannelDecayInputs& in, const float* dy, const float* borders,
                  int64_t border_row, float* scratch, const ChannelDecayGradients& to) {
  const Floats d;
  const int64_t lanes = simd::lanes(), key_row = shape.heads * shape.keys, value_row = shape.heads * shape.values,
                each = shape.values * lanes;
  float *g = scratch, *states = scratch + each;
  simd::each_vector(shape.keys, [&](int64_t n, int64_t valid) HWY_ATTR {
    std::fill_n(g, each, 0.0f);
    for (int64_t first = (shape.length - 1) / kBorder * kBorder; first >= 0; first -= kBorder) {
      const int64_t end = std::min(first + kBorder, shape.length);
      std::fill_n(states, each, 0.0f);
      const float* border = first > 0 ? borders + (first / kBorder - 1) * border_row : nullptr;
      for (int64_t p = 0; border && p < shape.values; ++p)
        for (int64_t i = 0; i < valid; ++i) states[p * lanes + i] = border[(n + i) * shape.values + p];
      for (int64_t t = first; t < end; ++t) {
        const V k = simd::load(in.k + t * key_row + n, valid), a = simd::load(in.a + t * key_row + n, valid);
        const float *v = in.v + t * value_row, *s = states + (t - first) * each;
        for (int64_t p = 0; p < shape.values; ++p, s += lanes)
          hn::StoreU(hn::MulAdd(a, hn::LoadU(d, s), hn::Mul(k, hn::Set(d, v[p]))), d, states + (s - states) + each);
      }
      for (int64_t t = end - 1; t >= first; --t) {
        const V q = simd::load(in.q + t * key_row + n, valid), a = simd::load(in.a + t * key_row + n, valid);
        const float *v = in.v + t * value_row, *change = dy + t * value_row, *s = states + (t - first) * each;
        V dq = hn::Zero(d), dk = hn::Zero(d), da = hn::Zero(d);
        for (int64_t p = 0; p < shape.values; ++p, s += lanes) {
          const V by = hn::Set(d, change[p]), now = hn::MulAdd(q, by, hn::LoadU(d, g + p * lanes));
          dq = hn::MulAdd(by, hn::LoadU(d, s + each), dq);
          dk = hn::MulAdd(hn::Set(d, v[p]), now, dk);
          da = hn::MulAdd(now, hn::LoadU(d, s), da);
          hn::StoreU(hn::Mul(a, now), d, g + p * lanes);
        }
        simd::store(dq, to.q + t * key_row + n, valid);
        simd::store(dk, to.k + t * key_row + n, valid);
        simd::store(da, to.a + t * key_row + n, valid);
      }
    }
  });
}

void step(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* state, float* y) {
  const Floats d;
  for (int64_t h = 0; h < shape.heads; ++h, state += shape.keys * shape.values) {
    const float *q = in.q + h * shape.keys, *k = in.k + h * shape.keys, *a = in.a + h * shape.keys;
    simd::each_vector(shape.values, [&](int64_t p, int64_t valid) HWY_ATTR {
      const V v = simd::load(in.v + h * shape.values + p, valid);
      V sum = hn::Zero(d);
      for (int64_t n = 0; n < shape.keys; ++n) {
        float* s = state + n * shape.values + p;
        const V now = hn::MulAdd(hn::Set(d, a[n]), simd::load(s, valid), hn::Mul(hn::Set(d, k[n]), v));
        simd::store(now, s, valid);
        sum = hn::MulAdd(hn::Set(d, q[n]), now, sum);
      }
      simd::store(sum, y + h * shape.values + p, valid);
    });
  }
}

int64_t border_distance() { return kBorder; }
int64_t vector_size() { return simd::lanes(); }

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

HWY_EXPORT(forward);
HWY_EXPORT(value_gradient);
HWY_EXPORT(key_gradient);
HWY_EXPORT(step);
HWY_EXPORT(border_distance);
HWY_EXPORT(vector_size);

namespace {

double flops(const ChannelDecayShape& s, double each) {
  return each * static_cast<double>(s.sequences * s.length * s.heads * s.keys * s.values);
}

// f(inputs of the head's first position, its first key and its first value among all, its first border) for each head of
// each sequence.
template <class F>
void each_head(const ChannelDecayShape& s, const ChannelDecayInputs& in, F f) {
  const int64_t state = s.keys * s.values, borders = s.border_count() / std::max<int64_t>(1, s.sequences);
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t key = (i * s.length * s.heads + h) * s.keys, value = (i * s.length * s.heads + h) * s.values;
      f(ChannelDecayInputs{in.q + key, in.k + key, in.v + value, in.a + key}, key, value, i * borders + h * state);
    }
  }
}

}  // namespace

int64_t ChannelDecayShape::border_count() const {
  return sequences * ((length - 1) / HWY_DYNAMIC_DISPATCH(border_distance)()) * heads * keys * values;
}

void channel_decay(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* y, float* borders) {
  require(shape.length > 0 && shape.heads > 0 && shape.keys > 0 && shape.values > 0,
          "{} positions, {} heads of {} x {}", shape.length, shape.heads, shape.keys, shape.values);
  const profile::Scope scope("channel decay", "own", flops(shape, 5), 4.0 * static_cast<double>(shape.border_count()));
  Tensor scratch({shape.keys, HWY_DYNAMIC_DISPATCH(vector_size)()});
  each_head(shape, in, [&](const ChannelDecayInputs& head, int64_t, int64_t value, int64_t border) {
    HWY_DYNAMIC_DISPATCH(forward)
    (shape, head, scratch.data<float>(), borders ? borders + border : nullptr, shape.heads * shape.keys * shape.values,
     y + value);
  });
}

void channel_decay_gradient(const ChannelDecayShape& shape, const ChannelDecayInputs& in, const float* dy,
                            const float* borders, const ChannelDecayGradients& to) {
  const profile::Scope scope("channel decay gradient", "own", flops(shape, 17),
                             4.0 * static_cast<double>(shape.border_count()));
  const int64_t lanes = HWY_DYNAMIC_DISPATCH(vector_size)(), distance = HWY_DYNAMIC_DISPATCH(border_distance)();
  Tensor of_keys({shape.keys, lanes}), of_values({distance + 2, shape.values, lanes});
  each_head(shape, in, [&](const ChannelDecayInputs& head, int64_t key, int64_t value, int64_t border) {
    HWY_DYNAMIC_DISPATCH(value_gradient)(shape, head, dy + value, of_keys.data<float>(), to.v + value);
    HWY_DYNAMIC_DISPATCH(key_gradient)
    (shape, head, dy + value, borders + border, shape.heads * shape.keys * shape.values, of_values.data<float>(),
     {to.q + key, to.k + key, nullptr, to.a + key});
  });
}

void channel_decay_step(const ChannelDecayShape& shape, const ChannelDecayInputs& in, float* state, float* y) {
  HWY_DYNAMIC_DISPATCH(step)(shape, in, state, y);
}

}  // namespace mlrun::kernels
#endif

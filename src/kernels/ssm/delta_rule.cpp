#include "kernels/ssm/delta_rule.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/delta_rule.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// Below, rows of one head are `count` times `values` numbers, `stride` apart.

// e_t = r_t - sum over s < t of a[t, s] u_s and u_t = share_t e_t, where e holds r at first. a is [count, count].
void solve(int64_t count, int64_t values, int64_t stride, const float* a, const float* share, int64_t share_stride,
           float* e, float* u) {
  simd::each_vector(values, [&](int64_t n, int64_t valid) HWY_ATTR {
    for (int64_t t = 0; t < count; ++t) {
      V sum = simd::load(e + t * stride + n, valid);
      for (int64_t s = 0; s < t; ++s)
        sum = hn::NegMulAdd(hn::Set(Floats(), a[t * count + s]), simd::load(u + s * stride + n, valid), sum);
      simd::store(sum, e + t * stride + n, valid);
      simd::store(hn::Mul(hn::Set(Floats(), share[t * share_stride]), sum), u + t * stride + n, valid);
    }
  });
}

// The transposed system: g_t -= sum over s > t of share_s a[s, t] g_s; then dv_t = share_t g_t and d_share_t = g_t e_t.
void solve_gradient(int64_t count, int64_t values, int64_t stride, const float* a, const float* share,
                    int64_t share_stride, const float* e, float* g, float* dv, float* d_share) {
  const Floats d;
  simd::each_vector(values, [&](int64_t n, int64_t valid) HWY_ATTR {
    for (int64_t t = count - 1; t >= 0; --t) {
      V sum = simd::load(g + t * stride + n, valid);
      for (int64_t s = t + 1; s < count; ++s)
        sum = hn::NegMulAdd(hn::Set(d, a[s * count + t]), simd::load(dv + s * stride + n, valid), sum);
      simd::store(sum, g + t * stride + n, valid);
      simd::store(hn::Mul(hn::Set(d, share[t * share_stride]), sum), dv + t * stride + n, valid);
    }
  });
  for (int64_t t = 0; t < count; ++t) {
    V dot = hn::Zero(d);
    simd::each_vector(values, [&](int64_t n, int64_t valid) HWY_ATTR {
      dot = hn::MulAdd(simd::load(g + t * stride + n, valid), simd::load(e + t * stride + n, valid), dot);
    });
    d_share[t * share_stride] = hn::GetLane(hn::SumOfLanes(d, dot));
  }
}

void step(const DeltaShape& shape, const DeltaInputs& in, float* state, float* y) {
  const Floats d;
  for (int64_t h = 0; h < shape.heads; ++h, state += shape.keys * shape.values) {
    const float *q = in.q + h * shape.keys, *k = in.k + h * shape.keys, *v = in.v + h * shape.values;
    const V share = hn::Set(d, in.share[h]);
    simd::each_vector(shape.values, [&](int64_t p, int64_t valid) HWY_ATTR {
      float* s = state + p;
      V held = hn::Zero(d), sum = hn::Zero(d);
      for (int64_t n = 0; n < shape.keys; ++n)
        held = hn::MulAdd(hn::Set(d, k[n]), simd::load(s + n * shape.values, valid), held);
      const V change = hn::Mul(share, hn::Sub(simd::load(v + p, valid), held));
      for (int64_t n = 0; n < shape.keys; ++n) {
        const V now = hn::MulAdd(hn::Set(d, k[n]), change, simd::load(s + n * shape.values, valid));
        simd::store(now, s + n * shape.values, valid);
        sum = hn::MulAdd(hn::Set(d, q[n]), now, sum);
      }
      simd::store(sum, y + h * shape.values + p, valid);
    });
  }
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

#include "base/error.hpp"
#include "kernels/product/lower_product.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"
#include "tensor/tensor.hpp"

namespace mlrun::kernels {

HWY_EXPORT(solve);
HWY_EXPORT(solve_gradient);
HWY_EXPORT(step);

namespace {

constexpr int64_t kChunk = 64;
constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;

int64_t chunks_of(const DeltaShape& shape) { return (shape.length + kChunk - 1) / kChunk; }

// One chunk after the other, all heads at once where that is one product.
class Walk {
 public:
  Walk(const DeltaShape& shape, const DeltaInputs& in)
      : shape_(shape),
        in_(in),
        key_row_(shape.heads * shape.keys),
        value_row_(shape.heads * shape.values),
        turned_({std::max(shape.keys, shape.values), kChunk}),
        k_k_({shape.heads, kChunk, kChunk}),
        q_k_(k_k_.shape()),
        e_({kChunk, value_row_}),
        u_(e_.shape()) {}

  void go_to(int64_t sequence, int64_t chunk) {
    row_ = sequence * shape_.length + chunk * kChunk;
    count_ = std::min(kChunk, shape_.length - chunk * kChunk);
  }
  int64_t count() const { return count_; }
  const float* q() const { return in_.q + row_ * key_row_; }
  const float* k() const { return in_.k + row_ * key_row_; }
  const float* share() const { return in_.share + row_ * shape_.heads; }
  int64_t key_row() const { return key_row_; }
  int64_t value_row() const { return value_row_; }
  template <class T>
  T* of_keys(T* all) const {
    return all + row_ * key_row_;
  }
  template <class T>
  T* of_values(T* all) const {
    return all + row_ * value_row_;
  }
  template <class T>
  T* of_heads(T* all) const {
    return all + row_ * shape_.heads;
  }

  // k_k, q_k, e and u of the chunk, where the state before it is `before`, or zeros if null.
  void solve_chunk(const float* before) {
    float* e = e_.data<float>();
    std::copy_n(of_values(in_.v), count_ * value_row_, e);
    if (before) keys_times(k(), before, e, -1);
    for (int64_t h = 0; h < shape_.heads; ++h) {
      lower(k() + h * shape_.keys, key_row_, k() + h * shape_.keys, key_row_, shape_.keys, false, k_k(h));
      lower(q() + h * shape_.keys, key_row_, k() + h * shape_.keys, key_row_, shape_.keys, true, q_k(h));
      const int64_t at = h * shape_.values;
      HWY_DYNAMIC_DISPATCH(solve)
      (count_, shape_.values, value_row_, k_k(h), share() + h, shape_.heads, e + at, u() + at);
    }
  }
  float* k_k(int64_t h) { return k_k_.data<float>() + h * count_ * count_; }
  float* q_k(int64_t h) { return q_k_.data<float>() + h * count_ * count_; }
  float* e() { return e_.data<float>(); }
  float* u() { return u_.data<float>(); }

  // The lower part of A B^T, with its diagonal or without; zeros above.
  void lower(const float* a, int64_t a_row, const float* b, int64_t b_row, int64_t width, bool diagonal, float* to) {
    lower_of(a, a_row, b, b_row, count_, width, turned_.data<float>(), to);
    for (int64_t t = 0; t < count_; ++t)
      std::fill(to + t * count_ + t + (diagonal ? 1 : 0), to + (t + 1) * count_, 0.0f);
  }
  // to [count, heads, values] += sign X S for X [count, heads, keys] and states S.
  void keys_times(const float* x, const float* state, float* to, int sign) {
    if (!product_.defined()) product_ = Tensor({kChunk, value_row_});
    matmul_batched({shape_.heads, shape_.keys, shape_.keys * shape_.values, shape_.values}, {x, key_row_, kNo},
                   {state, shape_.values, kNo}, {product_.data<float>(), value_row_},
                   {count_, shape_.values, shape_.keys});
    const float* from = product_.data<float>();
    for (int64_t i = 0; i < count_ * value_row_; ++i) to[i] += static_cast<float>(sign) * from[i];
  }
  // S += X^T Y for X [count, heads, keys] and Y [count, heads, values].
  void add_to_state(const float* x, const float* y, float* state) const {
    matmul_batched({shape_.heads, shape_.keys, shape_.values, shape_.keys * shape_.values}, {x, key_row_, kYes},
                   {y, value_row_, kNo}, {state, shape_.values}, {shape_.keys, shape_.values, count_}, {1.0f});
  }
  // to [count, heads, keys] = Y S^T + beta to.
  void values_times(const float* y, const float* state, float beta, float* to) const {
    matmul_batched({shape_.heads, shape_.values, shape_.keys * shape_.values, shape_.keys}, {y, value_row_, kNo},
                   {state, shape_.values, kYes}, {to, key_row_}, {count_, shape_.keys, shape_.values}, {beta});
  }

 private:
  DeltaShape shape_;
  DeltaInputs in_;
  int64_t key_row_, value_row_, row_ = 0, count_ = 0;
  Tensor turned_, k_k_, q_k_, e_, u_, product_;
};

double flops(const DeltaShape& s, double products) {
  return products * static_cast<double>(s.sequences * s.length * kChunk * s.heads * (s.keys + s.values));
}

class Gradient {
 public:
  Gradient(const DeltaShape& shape, const DeltaInputs& in)
      : shape_(shape),
        walk_(shape, in),
        d_state_({shape.heads, shape.keys, shape.values}),
        g_({kChunk, shape.heads * shape.values}),
        scores_({kChunk, kChunk}) {}

  void sequence(int64_t i, const float* dy, const float* borders, const DeltaGradients& to) {
    d_state_.fill(0);
    const int64_t chunks = chunks_of(shape_), each = d_state_.count();
    for (int64_t c = chunks - 1; c >= 0; --c) {
      walk_.go_to(i, c);
      chunk(c > 0 ? borders + (i * (chunks - 1) + c - 1) * each : nullptr, walk_.of_values(dy), c + 1 == chunks,
            {walk_.of_keys(to.q), walk_.of_keys(to.k), walk_.of_values(to.v), walk_.of_heads(to.share)});
    }
  }

 private:
  // `to` are the chunk's own rows. d_state_ is of the state after the chunk, and then of that before it.
  void chunk(const float* before, const float* dy, bool last, const DeltaGradients& to) {
    const int64_t count = walk_.count(), keys = shape_.keys, values = shape_.values, key_row = walk_.key_row(),
                  value_row = walk_.value_row();
    float *g = g_.data<float>(), *d_state = d_state_.data<float>(), *w = scores_.data<float>();
    walk_.solve_chunk(before);
    for (int64_t h = 0; h < shape_.heads; ++h) {  // what Y takes from U
      lower_times(walk_.q_k(h), kYes, count, dy + h * values, value_row, values, 0.0f, g + h * values, value_row);
    }
    if (!last) walk_.keys_times(walk_.k(), d_state, g, 1);
    if (last) std::fill_n(to.k, count * key_row, 0.0f);
    else walk_.values_times(walk_.u(), d_state, 0.0f, to.k);
    if (before) walk_.values_times(dy, before, 0.0f, to.q);
    else std::fill_n(to.q, count * key_row, 0.0f);
    for (int64_t h = 0; h < shape_.heads; ++h) {
      const int64_t of_key = h * keys, of_value = h * values;
      HWY_DYNAMIC_DISPATCH(solve_gradient)
      (count, values, value_row, walk_.k_k(h), walk_.share() + h, shape_.heads, walk_.e() + of_value, g + of_value,
       to.v + of_value, to.share + h);
      const float *q = walk_.q() + of_key, *k = walk_.k() + of_key, *u = walk_.u() + of_value;
      walk_.lower(dy + of_value, value_row, u, value_row, values, true, w);  // of lower(Q K^T)
      lower_times(w, kNo, count, k, key_row, keys, 1.0f, to.q + of_key, key_row);
      lower_times(w, kYes, count, q, key_row, keys, 1.0f, to.k + of_key, key_row);
      walk_.lower(to.v + of_value, value_row, u, value_row, values, false, w);  // of A, which is taken off
      for (int64_t j = 0; j < count * count; ++j) w[j] = -w[j];
      lower_times(w, kNo, count, k, key_row, keys, 1.0f, to.k + of_key, key_row);
      lower_times(w, kYes, count, k, key_row, keys, 1.0f, to.k + of_key, key_row);
    }
    if (!before) return;
    for (int64_t j = 0; j < count * value_row; ++j) g[j] = -to.v[j];
    walk_.values_times(g, before, 1.0f, to.k);
    walk_.add_to_state(walk_.q(), dy, d_state);
    walk_.add_to_state(walk_.k(), g, d_state);
  }

  DeltaShape shape_;
  Walk walk_;
  Tensor d_state_, g_, scores_;
};

}  // namespace

int64_t DeltaShape::border_count() const { return sequences * (chunks_of(*this) - 1) * heads * keys * values; }

void delta_rule(const DeltaShape& shape, const DeltaInputs& in, float* y, float* borders) {
  require(shape.length > 0 && shape.heads > 0 && shape.keys > 0 && shape.values > 0,
          "{} positions, {} heads of {} x {}", shape.length, shape.heads, shape.keys, shape.values);
  const profile::Scope scope("delta rule", "own", flops(shape, 1.5), 4.0 * static_cast<double>(shape.border_count()));
  Walk walk(shape, in);
  Tensor state({shape.heads, shape.keys, shape.values});
  for (int64_t i = 0; i < shape.sequences; ++i) {
    state.fill(0);
    for (int64_t c = 0; c < chunks_of(shape); ++c) {
      walk.go_to(i, c);
      walk.solve_chunk(c > 0 ? state.data<float>() : nullptr);
      float* to = walk.of_values(y);
      for (int64_t h = 0; h < shape.heads; ++h) {
        lower_times(walk.q_k(h), kNo, walk.count(), walk.u() + h * shape.values, walk.value_row(), shape.values, 0.0f,
                    to + h * shape.values, walk.value_row());
      }
      if (c > 0) walk.keys_times(walk.q(), state.data<float>(), to, 1);
      if (c + 1 == chunks_of(shape)) continue;
      walk.add_to_state(walk.k(), walk.u(), state.data<float>());
      if (borders)
        std::copy_n(state.data<float>(), state.count(), borders + (i * (chunks_of(shape) - 1) + c) * state.count());
    }
  }
}

void delta_rule_gradient(const DeltaShape& shape, const DeltaInputs& in, const float* dy, const float* borders,
                         const DeltaGradients& to) {
  const profile::Scope scope("delta rule gradient", "own", flops(shape, 4),
                             8.0 * static_cast<double>(shape.border_count()));
  Gradient gradient(shape, in);
  for (int64_t i = 0; i < shape.sequences; ++i) gradient.sequence(i, dy, borders, to);
}

void delta_rule_step(const DeltaShape& shape, const DeltaInputs& in, float* state, float* y) {
  HWY_DYNAMIC_DISPATCH(step)(shape, in, state, y);
}

}  // namespace mlrun::kernels
#endif

#include "kernels/ssm/diagonal_ssm.hpp"

#include <algorithm>

#include "kernels/profile.hpp"
#include "tensor/tensor.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/diagonal_ssm.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/ssm/channel_group.hpp"
#include "kernels/ssm/diagonal_ssm_tables.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using ssm::ChannelGroup;
using ssm::kChunk;
using ssm::kGroup;
using ssm::PoleRow;

void diagonal_ssm(const DiagonalSsm& system, const float* u, int64_t n, int64_t length, float* y) {
  ssm::Poles poles(system);
  ssm::Tables tables(poles.count());
  const ssm::GroupShape shape = {n, length, system.channels, kChunk};
  ChannelGroup in(shape), out(shape);
  Tensor states({in.rows(), 2 * poles.count()});
  float* s = states.data<float>();
  for (int64_t h = 0; h < system.channels; h += kGroup) {
    const int64_t count = std::min(kGroup, system.channels - h);
    in.read(u, h, count);
    for (int64_t k = 0; k < count; ++k) {
      poles.read(h + k);
      tables.make(poles.z(), poles.weight(), system.d[h + k]);
      tables.into_states(in.channel(k), in.rows(), s);
      tables.hand_over(s, n, in.chunks());
      tables.out(in.channel(k), s, in.rows(), out.channel(k));
    }
    out.write(y, h, count);
  }
}

// The gradient of the poles z and of the weights, through the powers of z.
//
// The loss depends on z through every pair of an input u_s and an output gradient dy_t with s <= t: it contains
// weight * z^(t - s) * u_s * dy_t, whose derivative has the lag t - s as a factor. Pairs inside one chunk are handled by
// the kernel K of that chunk. For pairs in different chunks, let S be the state that the inputs of earlier chunks leave
// at the beginning of a chunk, and T the state that the output gradients of later chunks leave at its end. With u_s at
// offset i of its chunk and dy_t at offset j of its own, the lag is
//   (kChunk - 1 - i) + 1 + j + kChunk * (chunks between),
// so the derivative is a sum of: the offsets i, weighted by U^T T; the offsets j, weighted by dY^T S (both in one
// matrix G, because dY is stored in reverse and so shares the table of powers); the constant 1, which is half of what
// these two products hold without their factors, since each pair is in both; and S T for each chunk between.
class PowerGradient {
 public:
  explicit PowerGradient(int64_t poles)
      : by_z(poles),
        by_weight(poles),
        poles_(poles),
        g_({kChunk, 2 * poles}),
        inside_({kChunk, kChunk}),
        between_({2 * poles}),
        sums_(Tensor::zeros({4 * poles})) {}

  // u and s as they are, dy and t in reverse; rows chunks. Returns the gradient by what is added to K[0].
  HWY_INLINE float take(const ssm::Poles& poles, const ssm::Tables& tables, const float* u, const float* dy,
                        const float* s, const float* t, int64_t rows) {
    const int64_t last = rows - 1, state = 2 * poles_;
    tile::product({{u, 1, kChunk, t + last * state, -state, rows}, {dy, 1, kChunk, s + last * state, -state, rows}},
                  kChunk, state, {g_.data<float>(), state, false});
    // Only what is on and above the antidiagonal counts, dy being in reverse: a quarter is left out.
    constexpr int64_t kHalf = kChunk / 2;
    float* inside = inside_.data<float>();
    tile::product({{u, 1, kChunk, dy + last * kChunk, -kChunk, rows}}, kHalf, kChunk, {inside, kChunk, false});
    tile::product({{u + kHalf, 1, kChunk, dy + last * kChunk, -kChunk, rows}}, kHalf, kHalf,
                  {inside + kHalf * kChunk, kChunk, false});
    sum_between(s, t + last * state, rows);
    float by_kernel[kChunk] = {};
    for (int64_t i = 0; i < kChunk; ++i) {
      const float* row = inside_.data<float>() + i * kChunk;
      for (int64_t l = 0; l < kChunk - i; ++l) by_kernel[l] += row[kChunk - 1 - i - l];
    }
    sum_powers(tables, by_kernel);
    finish(poles, tables);
    return by_kernel[0];
  }

  PoleRow by_z, by_weight;

 private:
  HWY_INLINE void sum_between(const float* s, const float* t, int64_t rows) {
    const simd::Floats d;
    const int64_t state = 2 * poles_;
    float* to = between_.data<float>();
    for (int64_t p = 0; p < poles_; p += simd::lanes()) {
      simd::V re = hn::Zero(d), im = hn::Zero(d);
      for (int64_t r = 0; r < rows; ++r) {
        const float *x = s + r * state + p, *y = t - r * state + p;
        const simd::V a = hn::LoadU(d, x), b = hn::LoadU(d, x + poles_);
        const simd::V e = hn::LoadU(d, y), f = hn::LoadU(d, y + poles_);
        re = hn::NegMulAdd(b, f, hn::MulAdd(a, e, re));
        im = hn::MulAdd(b, e, hn::MulAdd(a, f, im));
      }
      hn::StoreU(re, d, to + p);
      hn::StoreU(im, d, to + poles_ + p);
    }
  }

  // With G_k for row kChunk - 1 - k of G, K for by_kernel: by weight z/2 sum_k z^k G_k + sum_k K_k z^k, and by z over
  // weight (but for the chunks between) sum_k (k + 1/2) z^k G_k + sum_k k K_k z^(k - 1).
  HWY_INLINE void sum_powers(const ssm::Tables& tables, const float* by_kernel) {
    const simd::Floats d;
    for (int64_t p = 0; p < poles_; p += simd::lanes()) {
      simd::V h_re = hn::Zero(d), h_im = h_re, slope_re = h_re, slope_im = h_re, q_re = h_re, q_im = h_re;
      for (int64_t k = 0; k < kChunk; ++k) {
        const float *z = tables.power(k) + p, *g = g_.data<float>() + (kChunk - 1 - k) * 2 * poles_ + p;
        const simd::V a = hn::LoadU(d, z), b = hn::LoadU(d, z + poles_);
        const simd::V e = hn::LoadU(d, g), f = hn::LoadU(d, g + poles_);
        const simd::V re = hn::NegMulAdd(b, f, hn::Mul(a, e)), im = hn::MulAdd(b, e, hn::Mul(a, f));
        h_re = hn::Add(h_re, re);
        h_im = hn::Add(h_im, im);
        const simd::V lag = hn::Set(d, static_cast<float>(k) + 0.5f);
        slope_re = hn::MulAdd(lag, re, slope_re);
        slope_im = hn::MulAdd(lag, im, slope_im);
        const simd::V kernel = hn::Set(d, by_kernel[k]);
        q_re = hn::MulAdd(kernel, a, q_re);
        q_im = hn::MulAdd(kernel, b, q_im);
        if (k + 1 < kChunk) {
          const simd::V next = hn::Set(d, static_cast<float>(k + 1) * by_kernel[k + 1]);
          slope_re = hn::MulAdd(next, a, slope_re);
          slope_im = hn::MulAdd(next, b, slope_im);
        }
      }
      const simd::V half = hn::Set(d, 0.5f);
      const simd::V z_re = hn::LoadU(d, tables.power(1) + p), z_im = hn::LoadU(d, tables.power(1) + poles_ + p);
      h_re = hn::Mul(half, h_re);
      h_im = hn::Mul(half, h_im);
      float* to = sums_.data<float>() + p;
      hn::StoreU(hn::NegMulAdd(z_im, h_im, hn::MulAdd(z_re, h_re, q_re)), d, to);
      hn::StoreU(hn::MulAdd(z_im, h_re, hn::MulAdd(z_re, h_im, q_im)), d, to + poles_);
      hn::StoreU(slope_re, d, to + 2 * poles_);
      hn::StoreU(slope_im, d, to + 3 * poles_);
    }
  }

  HWY_INLINE void finish(const ssm::Poles& poles, const ssm::Tables& tables) {
    const hn::Rebind<float, ssm::Doubles> d;
    const ssm::Doubles dd;
    const auto load = [&](const float* p) HWY_ATTR {
      return ssm::Complex{hn::PromoteTo(dd, hn::LoadU(d, p)), hn::PromoteTo(dd, hn::LoadU(d, p + poles_))};
    };
    const float* sums = sums_.data<float>();
    for (int64_t p = 0; p < poles_; p += ssm::double_lanes()) {
      by_weight.set(p, load(sums + p));
      const ssm::Complex far =
          ssm::scale(hn::Set(dd, static_cast<double>(kChunk)),
                     ssm::multiply(load(tables.power(kChunk) + p), load(between_.data<float>() + p)));
      by_z.set(p, ssm::multiply(poles.weight().at(p), ssm::add(load(sums + 2 * poles_ + p), far)));
    }
  }

  int64_t poles_;
  Tensor g_;        // [kChunk, state]
  Tensor inside_;   // [kChunk, kChunk]: u_i dy_j, dy in reverse
  Tensor between_;  // [state]
  Tensor sums_;     // by weight; by z over weight
};

// The gradient by u is the same system run over dy in reverse.
void diagonal_ssm_gradient(const DiagonalSsm& system, const float* u, const float* dy, int64_t n, int64_t length,
                           const DiagonalSsmGradient& to) {
  const bool parameters = to.log_dt != nullptr;
  ssm::Poles poles(system);
  ssm::Tables tables(poles.count());
  PowerGradient powers(poles.count());
  const ssm::GroupShape shape = {n, length, system.channels, kChunk};
  ChannelGroup in(shape), back(shape), out(shape);
  Tensor states({in.rows(), 2 * poles.count()}), back_states(states.shape());
  float *s = states.data<float>(), *t = back_states.data<float>();
  for (int64_t h = 0; h < system.channels; h += kGroup) {
    const int64_t count = std::min(kGroup, system.channels - h);
    if (parameters) in.read(u, h, count);
    back.read_reversed(dy, h, count);
    for (int64_t k = 0; k < count; ++k) {
      poles.read(h + k);
      tables.make(poles.z(), poles.weight(), system.d[h + k]);
      tables.into_states(back.channel(k), in.rows(), t);
      tables.hand_over(t, n, in.chunks());
      if (to.u) tables.out(back.channel(k), t, in.rows(), out.channel(k));
      if (!parameters) continue;
      tables.into_states(in.channel(k), in.rows(), s);
      tables.hand_over(s, n, in.chunks());
      to.d[h + k] += powers.take(poles, tables, in.channel(k), back.channel(k), s, t, in.rows());
      poles.gradient(h + k, powers.by_z, powers.by_weight, to);
    }
    if (to.u) out.write_reversed(to.u, h, count);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
namespace {

// Of a product of states with chunks, and inside a chunk, over all positions.
double state_flops(const DiagonalSsm& s, int64_t n, int64_t length) {
  return 4.0 * static_cast<double>(n * length * s.channels * s.poles);
}
double inside_flops(const DiagonalSsm& s, int64_t n, int64_t length) {
  return 2.0 * static_cast<double>(n * length * s.channels * kDiagonalSsmChunk);
}
double bytes(const DiagonalSsm& s, int64_t n, int64_t length, int arrays) {
  return 4.0 * arrays * static_cast<double>(n * length * s.channels);
}

}  // namespace

HWY_EXPORT(diagonal_ssm);
HWY_EXPORT(diagonal_ssm_gradient);

void diagonal_ssm(const DiagonalSsm& system, const float* u, int64_t n, int64_t length, float* y) {
  if (n == 0 || length == 0) return;
  const profile::Scope scope("diagonal ssm", "own",
                             2 * state_flops(system, n, length) + inside_flops(system, n, length),
                             bytes(system, n, length, 2));
  HWY_DYNAMIC_DISPATCH(diagonal_ssm)(system, u, n, length, y);
}

void diagonal_ssm_gradient(const DiagonalSsm& system, const float* u, const float* dy, int64_t n, int64_t length,
                           const DiagonalSsmGradient& to) {
  if (n == 0 || length == 0) return;
  const profile::Scope scope("diagonal ssm gradient", "own",
                             5 * state_flops(system, n, length) + 2 * inside_flops(system, n, length),
                             bytes(system, n, length, 3));
  HWY_DYNAMIC_DISPATCH(diagonal_ssm_gradient)(system, u, dy, n, length, to);
}

}  // namespace mlrun::kernels
#endif

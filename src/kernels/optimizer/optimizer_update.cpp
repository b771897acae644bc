#include <cmath>

#include "base/error.hpp"
#include "kernels/optimizer/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer/optimizer_update.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using simd::V;
constexpr simd::Floats d;

HWY_INLINE V set(double x) { return hn::Set(d, static_cast<float>(x)); }

// Rounded to nearest even; count numbers, at most a vector.
HWY_INLINE void store_bf16(V v, uint16_t* to, int64_t count) {
  const hn::RebindToUnsigned<simd::Floats> du;
  const hn::Rebind<uint16_t, simd::Floats> half;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFu))));
  const auto narrow = hn::DemoteTo(half, hn::BitCast(hn::RebindToSigned<simd::Floats>(), rounded));
  if (count == simd::lanes()) return hn::StoreU(narrow, half, to);
  HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)] = {};
  hn::Store(narrow, half, buffer);
  for (int64_t i = 0; i < count; ++i) to[i] = buffer[i];
}

// Every vector of the slice goes through rule(w, g, first, second) -> new w; the rule changes first and second.
template <bool kFirst, bool kSecond, class Rule>
HWY_INLINE void update_all(const ParameterSlice& s, const UpdateScale& scale, Rule rule) {
  const V gradient_scale = set(static_cast<double>(scale.gradient));
  const V renewal = set(1.0 - static_cast<double>(scale.average_decay));
  const int64_t step = simd::lanes();
  const auto at = [&](int64_t i, auto load, auto store) HWY_ATTR {
    V first = hn::Zero(d), second = hn::Zero(d);
    if constexpr (kFirst) first = load(s.first + i);
    if constexpr (kSecond) second = load(s.second + i);
    const V w = rule(load(s.weights + i), hn::Mul(load(s.gradients + i), gradient_scale), first, second);
    store(w, s.weights + i);
    if constexpr (kFirst) store(first, s.first + i);
    if constexpr (kSecond) store(second, s.second + i);
    if (s.average) {
      const V average = load(s.average + i);
      store(hn::MulAdd(renewal, hn::Sub(w, average), average), s.average + i);
    }
    return w;
  };
  for (const Range& run : s.runs) {
    int64_t i = run.begin;
    for (; i + step <= run.end; i += step) {
      const V w = at(
          i, [](const float* p) HWY_ATTR { return hn::LoadU(d, p); },
          [](V v, float* p) HWY_ATTR { hn::StoreU(v, d, p); });
      if (s.bf16) store_bf16(w, s.bf16 + i, step);
    }
    if (const int64_t rest = run.end - i; rest > 0) {
      const V w = at(
          i, [rest](const float* p) HWY_ATTR { return simd::load_some(p, rest); },
          [rest](V v, float* p) HWY_ATTR { simd::store_some(v, p, rest); });
      if (s.bf16) store_bf16(w, s.bf16 + i, rest);
    }
  }
}

}  // namespace

void sgd_kernel(const Sgd& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  const V lr = set(rule.lr), momentum = set(rule.momentum), decay = set(rule.weight_decay);
  if (rule.momentum == 0) {
    return update_all<false, false>(
        slice, scale, [&](V w, V g, V&, V&) HWY_ATTR { return hn::NegMulAdd(lr, hn::MulAdd(decay, w, g), w); });
  }
  update_all<true, false>(slice, scale, [&, nesterov = rule.nesterov](V w, V g, V& u, V&) HWY_ATTR {
    g = hn::MulAdd(decay, w, g);
    u = hn::MulAdd(momentum, u, g);
    return hn::NegMulAdd(lr, nesterov ? hn::MulAdd(momentum, u, g) : u, w);
  });
}

void adam_kernel(const Adam& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  const double t = static_cast<double>(rule.step);
  const V size = set(rule.lr / (1 - std::pow(rule.beta1, t)));
  const V root = set(1 / std::sqrt(1 - std::pow(rule.beta2, t)));
  const V beta1 = set(rule.beta1), beta2 = set(rule.beta2), eps = set(rule.eps);
  const V fresh1 = set(1 - rule.beta1), fresh2 = set(1 - rule.beta2);
  const V decay = set(rule.decoupled ? 0.0 : rule.weight_decay);
  const V keep = set(rule.decoupled ? 1 - rule.lr * rule.weight_decay : 1.0);
  update_all<true, true>(slice, scale, [&](V w, V g, V& m, V& v) HWY_ATTR {
    g = hn::MulAdd(decay, w, g);
    m = hn::MulAdd(beta1, m, hn::Mul(fresh1, g));
    v = hn::MulAdd(beta2, v, hn::Mul(fresh2, hn::Mul(g, g)));
    const V change = hn::Div(hn::Mul(size, m), hn::MulAdd(hn::Sqrt(v), root, eps));
    return hn::MulSub(w, keep, change);
  });
}

void adagrad_kernel(const Adagrad& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  const V lr = set(rule.lr / (1 + static_cast<double>(rule.step - 1) * rule.lr_decay));
  const V eps = set(rule.eps), decay = set(rule.weight_decay);
  update_all<true, false>(slice, scale, [&](V w, V g, V& s, V&) HWY_ATTR {
    g = hn::MulAdd(decay, w, g);
    s = hn::MulAdd(g, g, s);
    return hn::Sub(w, hn::Div(hn::Mul(lr, g), hn::Add(hn::Sqrt(s), eps)));
  });
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(sgd_kernel);
HWY_EXPORT(adam_kernel);
HWY_EXPORT(adagrad_kernel);

void update(const Sgd& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  require(rule.momentum == 0 || slice.first, "sgd with momentum needs its state");
  HWY_DYNAMIC_DISPATCH(sgd_kernel)(rule, scale, slice);
}

void update(const Adam& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  require(rule.step >= 1 && slice.first && slice.second, "adam needs its two moments, and steps from 1");
  HWY_DYNAMIC_DISPATCH(adam_kernel)(rule, scale, slice);
}

void update(const Adagrad& rule, const UpdateScale& scale, const ParameterSlice& slice) {
  require(rule.step >= 1 && slice.first, "adagrad needs its sums of squares, and steps from 1");
  HWY_DYNAMIC_DISPATCH(adagrad_kernel)(rule, scale, slice);
}

}  // namespace mlrun::kernels
#endif

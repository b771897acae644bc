// A rule that updates every weight for itself, as one pass over memory. Included once per instruction set by Highway's
// foreach_target, like kernels/vector/simd.hpp.
//
// update_all<kSlots>(slice, scale, rule) calls rule(w, g, s) for vectors of numbers: w the weights, g the gradients
// after scaling, s[0] ... s[kSlots - 1] what the slots hold, which the rule changes; it returns the new weights. The
// average follows. A rule is a lambda marked HWY_ATTR.
#if defined(MLRUN_KERNELS_ELEMENT_RULE_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_ELEMENT_RULE_HPP
#undef MLRUN_KERNELS_ELEMENT_RULE_HPP
#else
#define MLRUN_KERNELS_ELEMENT_RULE_HPP
#endif

#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "kernels/optimizer/optimizer.hpp"
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A number of the rule in every element of a vector.
HWY_INLINE simd::V set(double x) { return hn::Set(simd::Floats(), static_cast<float>(x)); }

template <int kSlots, class Rule>
HWY_INLINE void update_all(const ParameterSlice& slice, const UpdateScale& scale, Rule rule) {
  using simd::V;
  require(slice.slots.size() >= static_cast<size_t>(kSlots), "an update rule of {} slots was given {}", kSlots,
          slice.slots.size());
  const V gradient_scale = set(static_cast<double>(scale.gradient));
  const V renewal = set(1.0 - static_cast<double>(scale.average_decay));
  const int64_t step = simd::lanes();
  float* slots[kSlots + 1] = {};
  for (int k = 0; k < kSlots; ++k) slots[k] = slice.slots[static_cast<size_t>(k)];
  const auto at = [&](int64_t i, auto load, auto store) HWY_ATTR {
    V s[kSlots + 1];
    for (int k = 0; k < kSlots; ++k) s[k] = load(slots[k] + i);
    const V w = rule(load(slice.weights + i), hn::Mul(load(slice.gradients + i), gradient_scale), s);
    store(w, slice.weights + i);
    for (int k = 0; k < kSlots; ++k) store(s[k], slots[k] + i);
    if (slice.average) {
      const V average = load(slice.average + i);
      store(hn::MulAdd(renewal, hn::Sub(w, average), average), slice.average + i);
    }
  };
  for (const Range& run : slice.runs) {
    int64_t i = run.begin;
    for (; i + step <= run.end; i += step) {
      at(
          i, [](const float* p) HWY_ATTR { return hn::LoadU(simd::Floats(), p); },
          [](V v, float* p) HWY_ATTR { hn::StoreU(v, simd::Floats(), p); });
    }
    if (const int64_t rest = run.end - i; rest > 0) {
      at(
          i, [rest](const float* p) HWY_ATTR { return simd::load_some(p, rest); },
          [rest](V v, float* p) HWY_ATTR { simd::store_some(v, p, rest); });
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

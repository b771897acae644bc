#include "kernels/vector/bf16.hpp"

#include <cstdint>

#include "base/error.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector/bf16.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The upper halves of the numbers, after half of what is cut off was added; `odd` breaks ties.
HWY_INLINE auto upper_halves(simd::V v) {
  const hn::RebindToUnsigned<simd::Floats> du;
  const hn::Rebind<uint16_t, simd::Floats> half;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFu)));
  const auto number = hn::RebindMask(du, hn::Eq(v, v));  // a NaN could become another number by the addition
  const auto kept = hn::IfThenElse(number, rounded, hn::Set(du, 0x7FC00000u));
  return hn::DemoteTo(half, hn::BitCast(hn::RebindToSigned<simd::Floats>(), hn::ShiftRight<16>(kept)));
}

void round_numbers(const float* x, uint16_t* y, int64_t count) {
  const simd::Floats d;
  const hn::Rebind<uint16_t, simd::Floats> half;
  const int64_t step = simd::lanes();
  int64_t i = 0;
  for (; i + step <= count; i += step) hn::StoreU(upper_halves(hn::LoadU(d, x + i)), half, y + i);
  if (i == count) return;
  HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)] = {};
  hn::Store(upper_halves(simd::load_some(x + i, count - i)), half, buffer);
  for (int64_t j = 0; i + j < count; ++j) y[i + j] = buffer[j];
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(round_numbers);

Tensor to_bf16(const Tensor& x) {
  require(x.dtype() == DType::kF32, "to bf16 from {}", name_of(x.dtype()));
  const profile::Scope scope("to bf16", "own", 0, 6 * static_cast<double>(x.count()));
  Tensor y(x.shape(), DType::kBF16);
  HWY_DYNAMIC_DISPATCH(round_numbers)(x.data<float>(), y.data<uint16_t>(), x.count());
  return y;
}

}  // namespace mlrun::kernels
#endif

#include "nn/token_shift.hpp"

#include <cmath>

#include "kernels/recurrent/token_shift.hpp"
#include "ops/recurrent/wkv.hpp"

namespace mlrun {

TokenShift::TokenShift(const Scope& scope, const std::string& name, int64_t channels, double power)
    : mix_(scope.parameter(
          name, {channels}, "channel", ParameterKind::kNorm, [power](Tensor& value, const RandomStream&) {
            const double count = static_cast<double>(value.count());
            for (int64_t c = 0; c < value.count(); ++c) {
              value.data<float>()[c] = static_cast<float>(std::pow(static_cast<double>(c) / count, power));
            }
          })) {}

Variable TokenShift::operator()(Pass& pass, const Variable& x) const { return ops::token_shift(x, pass(mix_)); }

void TokenShift::extend(const float* x, const float* before, int64_t count, int64_t length, float* y) const {
  const int64_t channels = mix_.value().count();
  for (int64_t row = 0; row < length * count; ++row) {
    const int64_t at = row * channels;
    const float* last = row < count ? before + at : x + at - count * channels;
    kernels::token_shift_step(channels, x + at, last, mix_.value().data<float>(), y + at);
  }
}

}  // namespace mlrun

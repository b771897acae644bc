// Arithmetic with NumPy's broadcasting, and the smooth elementary functions.
//
// As everywhere in ops: functions on Variables, f32, first derivatives only (a rule is plain arithmetic that is not
// recorded, so a gradient has no gradient).
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

Variable add(const Variable& a, const Variable& b);
Variable sub(const Variable& a, const Variable& b);
Variable mul(const Variable& a, const Variable& b);
Variable div(const Variable& a, const Variable& b);

Variable affine(const Variable& x, float a, float b);  // a x + b
Variable scale(const Variable& x, float a);            // a x
Variable negate(const Variable& x);

Variable exp(const Variable& x);
Variable log(const Variable& x);
Variable sqrt(const Variable& x);
Variable square(const Variable& x);
Variable clamp(const Variable& x, float least, float most);  // derivative 1 inside and on the bounds, 0 outside

}  // namespace mlrun::ops

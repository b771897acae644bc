// What gradients make of a quantiser, whose own derivative is 0 almost everywhere: stated rules in its place.
#pragma once

#include "autograd/tape.hpp"

namespace mlrun::ops {

// The value q, with dz = dq: "straight through" (Bengio et al. 2013; van den Oord et al. 2017, section 3.2).
Variable straight_through(const Variable& z, const Tensor& q);

// The value q [rows, d], reached from z [rows, d] by the rotation and the scaling that take z to q, held fixed (Fifty
// et al. 2024, eq. 4): q = s R z with s = |q| / |z|, R = I - 2 r r^T + 2 q' z'^T, z' = z / |z|, q' = q / |q|, r = (z' +
// q') / |z' + q'|, so dz = s R^T dq. A row where one of them is undefined (z, q or z' + q' shorter than 1e-6) goes
// straight through.
Variable rotate_to(const Variable& z, const Tensor& q);

// sum of (a - b)^2 over all numbers -> []
Variable squared_distance(const Variable& a, const Variable& b);

// y[i] = x[i] / |x[i]| for the rows of x [rows, d]; a row shorter than 1e-12 is divided by that.
Variable unit_rows(const Variable& x);

}  // namespace mlrun::ops

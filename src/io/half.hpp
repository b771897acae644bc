// IEEE 754 binary16, by its bits. libhdf5 1.10 misrounds some of its own conversions, so files' 16-bit floats are read
// as bits and converted here. Every half is exactly a double.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace mlrun::io {

inline double half_to_double(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = std::ldexp(exponent == 0 ? fraction : fraction + 1024, (exponent == 0 ? 1 : exponent) - 25);
  if (exponent == 31) value = fraction == 0 ? HUGE_VAL : std::numeric_limits<double>::quiet_NaN();
  return (bits & 0x8000) != 0 ? -value : value;
}

}  // namespace mlrun::io

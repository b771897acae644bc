// Digits written by a pen with an unsteady hand: an endless supply of 28 x 28 grey images with labels 0 .. 9.
#pragma once

#include <cstdint>

#include "data/digits/pen.hpp"

namespace mlrun {

// Image `index` of the series, [28 * 28] bytes into `pixels`; returns its label. A pure function of `index`, with the
// same bits on every machine: the only arithmetic is on integers.
int write_digit(uint64_t index, uint8_t* pixels);

}  // namespace mlrun

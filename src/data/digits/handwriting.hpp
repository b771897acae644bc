// Digits written by a pen with an unsteady hand: an endless supply of 28 x 28 grey images with labels 0 .. 9.
#pragma once

#include <cstdint>

#include "data/digits/pen.hpp"

namespace mlrun {

// Image `index` of the series, [28 * 28] bytes into `pixels`; returns its label. A pure function of `index`, with the
// same bits on every machine: the only arithmetic is on integers.
int write_digit(uint64_t index, uint8_t* pixels);

// What is known of an image beside its pixels.
struct DigitFacts {
  int32_t label = 0;
  int32_t slant = 0;   // how far a point one unit higher lies to the right, in 1/256; 34 on average
  int32_t radius = 0;  // of the pen's full line, in 1/256 pixel: 150 .. 330
  int32_t drop = 0;    // how far the digit stands below the middle, in 1/256 pixel
};
DigitFacts facts_of_digit(uint64_t index);

}  // namespace mlrun

// What can be said of a digit that the program drew: "a thin three, slanted left, low".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/digits/handwriting.hpp"

namespace mlrun {

// Ten names, with or without each of: thin or thick (a third of all digits each), slanted left or right (a fifth each,
// by more than one standard deviation), low or high (a sixth each, by half a pixel and more). 270 captions.
std::vector<std::string> all_digit_captions();
int32_t digit_caption_of(const DigitFacts& facts);  // which of them

}  // namespace mlrun

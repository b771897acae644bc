#include <array>

#include "data/captions/picture_captions.hpp"

namespace mlrun {

std::string number_word(int64_t number) {
  constexpr std::array<const char*, 20> kSmall = {
      "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
      "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::array<const char*, 10> kTens = {"",      "",      "twenty",  "thirty", "forty",
                                                 "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (number < 0 || number > 99) return std::to_string(number);
  if (number < 20) return kSmall[static_cast<size_t>(number)];
  const std::string tens = kTens[static_cast<size_t>(number / 10)];
  return number % 10 == 0 ? tens : tens + "-" + kSmall[static_cast<size_t>(number % 10)];
}

}  // namespace mlrun

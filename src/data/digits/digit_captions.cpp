#include "data/digits/digit_captions.hpp"

#include "data/captions/picture_captions.hpp"

namespace mlrun {
namespace {

// Of a number: 1 below `low`, 2 above `high`, else 0.
int32_t side_of(int32_t number, int32_t low, int32_t high) { return number < low ? 1 : number > high ? 2 : 0; }

}  // namespace

std::vector<std::string> all_digit_captions() {
  std::vector<std::string> all;
  for (int64_t label = 0; label < 10; ++label) {
    const std::string name = number_word(label);
    for (const char* line : {"", "thin ", "thick "}) {
      const std::string article = *line == '\0' && name == "eight" ? "an " : "a ";
      for (const char* slant : {"", ", slanted left", ", slanted right"}) {
        for (const char* height : {"", ", high", ", low"}) all.push_back(article + line + name + slant + height);
      }
    }
  }
  return all;
}

int32_t digit_caption_of(const DigitFacts& facts) {
  const int32_t line = side_of(facts.radius, 210, 270), slant = side_of(facts.slant, -16, 84),
                height = side_of(facts.drop, -128, 128);
  return ((facts.label * 3 + line) * 3 + slant) * 3 + height;
}

}  // namespace mlrun

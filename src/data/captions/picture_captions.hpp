// What data say of their pictures in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mlrun {

struct PictureCaptions {
  std::vector<std::string> all;                // captions that there may be, each once
  std::array<std::vector<int32_t>, 3> of_row;  // by Split: of each row, which of them
};

// 0 zero, 7 seven, 19 nineteen, 42 forty-two; of 100 and more the digits.
std::string number_word(int64_t number);

}  // namespace mlrun

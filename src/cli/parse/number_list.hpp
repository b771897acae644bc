// Lists of whole numbers as they are typed: 7, 0..9, 3,10..12.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlrun::cli {

// Numbers from 0 on and ranges FIRST..LAST, with commas between them, in the order in which they stand. Nothing where
// that is malformed, a number is not below 1,000,000, or there are more than so many.
std::optional<std::vector<int64_t>> number_list(const std::string& text);

}  // namespace mlrun::cli

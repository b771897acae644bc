// Rules of options that are numbers, for CLI::Option::transform. They are read as the numbers of a spec are (1e5,
// 10_000), and NaN, Inf and what lies outside of the range are refused in words: "--top-k: expected a whole number from
// 1 to 65536, found '0'". `remedy` (may be empty) is a further line of that.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace mlrun::cli {

CLI::Validator whole_number(int64_t least, int64_t most = std::numeric_limits<int64_t>::max(),
                            const std::string& remedy = {});
// Both ends belong to it.
CLI::Validator real_number(double least, double most, const std::string& remedy = {});

}  // namespace mlrun::cli

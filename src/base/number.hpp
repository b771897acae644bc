// Decimal numbers as text, the same in every locale: strict reading, shortest round-trip writing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlrun {

// Accepts [+-]digits[_digits][.digits][e[+-]digits]; the whole text must be consumed. Refuses octal (010), hex,
// inf, nan, empty, leading/trailing/double underscores. 1e5 and 1.5e3 are integers too; 1.5 is not.
std::optional<double> parse_real(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);

std::string print_number(double value);  // shortest text that reads back to the same double; "1e-3" style exponents
std::string print_number(int64_t value);
std::string print_thousands(int64_t value);  // 785 284, for people

}  // namespace mlrun

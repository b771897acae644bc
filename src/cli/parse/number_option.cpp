#include "cli/parse/number_option.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/number.hpp"

namespace mlrun::cli {
namespace {

// `parse` gives the number where the text is one of the range. It is handed on in the form that CLI11 reads.
template <class Parse>
CLI::Validator number(const std::string& expected, const std::string& remedy, Parse parse) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        if (const auto value = parse(text)) {
          text = print_number(*value);
          return {};
        }
        return fmt::format("expected {}, found '{}'{}{}", expected, text, remedy.empty() ? "" : "\n  ", remedy);
      },
      /*validator_desc=*/"");
}

}  // namespace

CLI::Validator whole_number(int64_t least, int64_t most, const std::string& remedy) {
  using Limits = std::numeric_limits<int64_t>;
  const std::string expected = most < Limits::max()    ? fmt::format("a whole number from {} to {}", least, most)
                               : least > Limits::min() ? fmt::format("a whole number from {} on", least)
                                                       : "a whole number";
  return number(expected, remedy, [=](const std::string& text) {
    const std::optional<int64_t> value = parse_integer(text);
    return value && *value >= least && *value <= most ? value : std::nullopt;
  });
}

CLI::Validator real_number(double least, double most, const std::string& remedy) {
  const std::string expected = most < std::numeric_limits<double>::max()
                                   ? fmt::format("a number from {} to {}", print_number(least), print_number(most))
                                   : "a number";
  return number(expected, remedy, [=](const std::string& text) {
    const std::optional<double> value = parse_real(text);  // finite
    return value && *value >= least && *value <= most ? value : std::nullopt;
  });
}

}  // namespace mlrun::cli

#include "config/origin.hpp"

#include <fmt/format.h>

namespace mlrun::config {

std::string Origin::print() const {
  if (argument == 0 && line > 0) return fmt::format("{}:{}:{}", file, line, column);
  return print_line();
}

std::string Origin::print_line() const {
  const auto place = [&] {
    if (is_default) return std::string("default");
    if (argument > 0) return file.empty() ? fmt::format("argument {}", argument) : file;
    return line > 0 ? fmt::format("{}:{}", file, line) : file;
  };
  return rule.empty() ? place() : fmt::format("{} ({})", place(), rule);
}

}  // namespace mlrun::config

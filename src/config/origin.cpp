#include "config/origin.hpp"

#include <fmt/format.h>

namespace mlrun::config {

std::string Origin::print() const {
  if (argument == 0 && line > 0) return fmt::format("{}:{}:{}", file, line, column);
  return print_line();
}

std::string Origin::print_line() const {
  if (is_default) return "default";
  if (argument > 0) return file.empty() ? fmt::format("argument {}", argument) : file;
  if (line > 0) return fmt::format("{}:{}", file, line);
  return file;
}

}  // namespace mlrun::config

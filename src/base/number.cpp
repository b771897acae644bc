#include "base/number.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <system_error>

namespace mlrun {
namespace {

// The text without its underscores, or nothing where the form is not a plain decimal number.
std::optional<std::string> plain_decimal(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out;
  size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
    if (text[i] == '-') out += '-';
    ++i;
  }
  const auto digits = [&](bool& any) {
    any = false;
    while (i < text.size() && (digit(text[i]) || text[i] == '_')) {
      if (text[i] == '_') {
        if (!any || !digit(text[i - 1]) || i + 1 >= text.size() || !digit(text[i + 1])) return false;
      } else {
        out += text[i];
        any = true;
      }
      ++i;
    }
    return true;
  };
  bool whole = false, fraction = false, exponent = false;
  const size_t first = i;
  if (!digits(whole)) return std::nullopt;
  if (whole && i - first > 1 && text[first] == '0') return std::nullopt;  // 010: octal to YAML 1.1, ten to people
  if (i < text.size() && text[i] == '.') {
    out += text[i++];
    if (!digits(fraction)) return std::nullopt;
  }
  if (!whole && !fraction) return std::nullopt;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    out += 'e';
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
      if (text[i] == '-') out += '-';
      ++i;
    }
    if (!digits(exponent) || !exponent) return std::nullopt;
  }
  if (i != text.size()) return std::nullopt;
  return out;
}

std::string tidy_exponent(std::string text) {  // 1e-03 -> 1e-3, 1e+05 -> 1e5
  const size_t e = text.find('e');
  if (e == std::string::npos) return text;
  std::string head = text.substr(0, e + 1), tail = text.substr(e + 1);
  if (tail[0] == '+') tail.erase(0, 1);
  else if (tail[0] == '-') head += '-', tail.erase(0, 1);
  while (tail.size() > 1 && tail[0] == '0') tail.erase(0, 1);
  return head + tail;
}

}  // namespace

std::optional<double> parse_real(std::string_view text) {
  const std::optional<std::string> plain = plain_decimal(text);
  if (!plain) return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(plain->data(), plain->data() + plain->size(), value);
  if (result.ec != std::errc() || result.ptr != plain->data() + plain->size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  const std::optional<std::string> plain = plain_decimal(text);
  if (!plain) return std::nullopt;
  if (plain->find_first_of(".e") == std::string::npos) {
    int64_t value = 0;
    const auto result = std::from_chars(plain->data(), plain->data() + plain->size(), value);
    if (result.ec != std::errc()) return std::nullopt;
    return value;
  }
  const std::optional<double> real = parse_real(text);
  if (!real || *real != std::floor(*real) || std::abs(*real) > 9007199254740992.0) return std::nullopt;  // 2^53: exact
  return static_cast<int64_t>(*real);
}

std::string print_number(double value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return tidy_exponent(std::string(buffer, result.ptr));
}

std::string print_number(int64_t value) { return fmt::format("{}", value); }

std::string print_thousands(int64_t value) {
  std::string digits = fmt::format("{}", value);
  for (int i = static_cast<int>(digits.size()) - 3; i > (value < 0 ? 1 : 0); i -= 3)
    digits.insert(static_cast<size_t>(i), 1, ' ');
  return digits;
}

}  // namespace mlrun

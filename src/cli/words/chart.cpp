#include "cli/words/chart.hpp"

#include "base/error.hpp"
#include "base/number.hpp"

namespace mlrun::cli {
namespace {

constexpr double kLeastSide = 100, kMostSide = 5000;  // points

}  // namespace

std::pair<std::optional<double>, std::optional<double>> value_range(const std::string& text, bool log) {
  const size_t colon = text.find(':');
  std::optional<double> low, high;
  bool good = colon != std::string::npos && text.size() > 1;
  if (good && colon > 0) good = (low = parse_real(text.substr(0, colon))).has_value();
  if (good && colon + 1 < text.size()) good = (high = parse_real(text.substr(colon + 1))).has_value();
  if (!good) fail(ExitCode::kUsage, "--range: expected LOW:HIGH, such as 80:100 or :100; found '{}'", text);
  if (low && high && *low >= *high) fail(ExitCode::kUsage, "--range: {} is not below {}", *low, *high);
  if (log && ((low && *low <= 0) || (high && *high <= 0)))
    fail(ExitCode::kUsage, "--range: a logarithmic axis begins above 0; found '{}'", text);
  return {low, high};
}

figure::ReferenceLine reference_line(const std::string& text) {
  const size_t equals = text.find('=');
  const auto value = parse_real(text.substr(0, equals));
  if (!value) fail(ExitCode::kUsage, "--line: expected VALUE or VALUE=NAME, such as 88.33=NADE; found '{}'", text);
  const std::string number = text.substr(0, equals);
  return {*value, equals == std::string::npos ? number : text.substr(equals + 1) + " " + number};
}

figure::Format picture_format(const std::string& file, const std::string& others) {
  if (file.ends_with(".png")) return figure::Format::kPng;
  if (file.ends_with(".svg")) return figure::Format::kSvg;
  if (file.ends_with(".pdf")) return figure::Format::kPdf;
  fail(ExitCode::kUsage, "-o {}: expected a name that ends in .png, .svg or .pdf{}", file, others);
}

std::pair<double, double> picture_size(const std::string& text) {
  const size_t x = text.find('x');
  const auto width = parse_real(text.substr(0, x));
  const auto height = parse_real(x == std::string::npos ? "" : text.substr(x + 1));
  if (!width || !height || *width < kLeastSide || *height < kLeastSide || *width > kMostSide || *height > kMostSide)
    fail(ExitCode::kUsage, "--size: expected WIDTHxHEIGHT in points, each from {} to {}, such as 640x400; found '{}'",
         kLeastSide, kMostSide, text);
  return {*width, *height};
}

}  // namespace mlrun::cli

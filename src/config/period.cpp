#include "config/period.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/number.hpp"

namespace mlrun::config {

std::string_view unit_name(Period::Unit unit) {
  switch (unit) {
    case Period::Unit::kSteps:
      return "steps";
    case Period::Unit::kEpochs:
      return "epochs";
    case Period::Unit::kMinutes:
      return "min";
  }
  return "";
}

std::string print_period(const Period& period) {
  if (period.unit == Period::Unit::kMinutes) return fmt::format("{} min", print_number(period.amount));
  std::string_view unit = unit_name(period.unit);
  if (period.amount == 1) unit.remove_suffix(1);  // 1 step, 1 epoch
  return fmt::format("{} {}", period.count(), unit);
}

std::optional<Period> parse_period(std::string_view text) {
  const size_t gap = text.find_first_of(' ');
  const size_t word = text.find_first_not_of(' ', gap);
  if (gap == std::string_view::npos || word == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(0, gap), unit = text.substr(word);
  Period period;
  const bool hours = unit == "h" || unit == "hour" || unit == "hours";
  if (hours || unit == "min" || unit == "minute" || unit == "minutes") {
    period.unit = Period::Unit::kMinutes;
    const std::optional<double> amount = parse_real(number);
    if (!amount || *amount < 0) return std::nullopt;
    period.amount = hours ? *amount * 60 : *amount;
    if (!std::isfinite(period.amount)) return std::nullopt;
    return period;
  }
  if (unit == "step" || unit == "steps") period.unit = Period::Unit::kSteps;
  else if (unit == "epoch" || unit == "epochs") period.unit = Period::Unit::kEpochs;
  else return std::nullopt;
  const std::optional<int64_t> amount = parse_integer(number);
  if (!amount || *amount < 0 || *amount > (int64_t{1} << 53)) return std::nullopt;  // exact in a double
  period.amount = static_cast<double>(*amount);
  return period;
}

}  // namespace mlrun::config

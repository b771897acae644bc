// A length of training as people say it: "500 steps", "3 epochs", "55 min".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlrun::config {

struct Period {
  enum class Unit { kSteps, kEpochs, kMinutes };
  double amount = 0;  // whole for steps and epochs
  Unit unit = Unit::kSteps;

  int64_t count() const { return static_cast<int64_t>(amount); }  // for steps and epochs
  double seconds() const { return amount * 60; }                  // for minutes
  bool operator==(const Period&) const = default;
};

std::string print_period(const Period& period);  // "1 epoch", "500 steps", "0.5 min"; read back by parse_period
std::optional<Period> parse_period(std::string_view text);  // number, spaces, unit; nothing when it is not that
std::string_view unit_name(Period::Unit unit);              // "steps", "epochs", "min"

}  // namespace mlrun::config

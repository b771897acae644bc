// What a field of a spec may be. A field is declared where it is read; the declaration also feeds validation, the
// printed schema, the resolved spec and completion. Use designated initialisers, in this order.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/origin.hpp"
#include "config/period.hpp"

namespace mlrun::config {

// In every field: `help` is one line; without `fallback` the field is required.
struct StringField {
  std::string help = {};
  std::optional<std::string> fallback = std::nullopt;
  bool allow_empty = false;
  // Extra rule: returns "" when the text is fine, else what was expected ("a run name of letters, digits, '.', '_' or
  // '-'").
  std::function<std::string(const std::string&)> check = nullptr;
  // What a text that names something by circumstances ("@last") stands for here and now. That is the value, and what
  // the resolved spec holds, so that it keeps its meaning.
  std::function<std::string(const std::string&)> resolve = nullptr;
};
struct ChoiceField {
  std::string help = {};
  std::optional<std::string> fallback = std::nullopt;
};
struct IntegerField {
  std::string help = {};
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> fallback = std::nullopt;
  std::string unit = {};
};
struct RealField {
  std::string help = {};
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool exclusive_min = false;  // the value must be greater than min
  bool exclusive_max = false;
  std::optional<double> fallback = std::nullopt;
  std::string unit = {};
};
struct BooleanField {
  std::string help = {};
  std::optional<bool> fallback = std::nullopt;
};
struct PeriodField {
  std::string help = {};
  bool allow_zero = false;
  std::vector<Period::Unit> units = {Period::Unit::kSteps, Period::Unit::kEpochs, Period::Unit::kMinutes};
  std::optional<Period> fallback = std::nullopt;
};
struct IntegersField {
  std::string help = {};
  int64_t min = std::numeric_limits<int64_t>::min();  // of each element
  int64_t max = std::numeric_limits<int64_t>::max();
  int64_t min_size = 0, max_size = 1024;
  std::optional<std::vector<int64_t>> fallback = std::nullopt;
  std::string unit = {};
};
struct RealsField {
  std::string help = {};
  double min = -std::numeric_limits<double>::infinity();  // of each element
  double max = std::numeric_limits<double>::infinity();
  bool exclusive_min = false, exclusive_max = false;
  int64_t min_size = 0, max_size = 1024;
  std::optional<std::vector<double>> fallback = std::nullopt;
  std::string unit = {};
};
struct StringsField {
  std::string help = {};
  int64_t min_size = 0, max_size = 1024;
  std::optional<std::vector<std::string>> fallback = std::nullopt;
  std::function<std::string(const std::string&)> check = nullptr;  // of each element, as in StringField
};

enum class FieldType {
  kSection,
  kKind,
  kString,
  kChoice,
  kInteger,
  kReal,
  kBoolean,
  kPeriod,
  kIntegers,
  kReals,
  kStrings
};

// One declared field (or section) with the value it has in this spec. Plain data, for printing.
struct FieldRecord {
  std::string path = {};  // "optim.lr"
  FieldType type = FieldType::kString;
  std::string help = {}, unit = {};
  std::string expected = {};                                      // "a number greater than 0", as in messages
  std::vector<std::pair<std::string, std::string>> choices = {};  // kinds and choices: name, summary ("" for choices)
  std::optional<std::string> word = std::nullopt;                 // the word that may stand for the value, e.g. "auto"
  std::optional<double> min = std::nullopt, max = std::nullopt;   // of the value or of each element
  bool exclusive_min = false, exclusive_max = false;
  std::optional<int64_t> min_size = std::nullopt, max_size = std::nullopt;
  std::optional<std::string> fallback = std::nullopt;  // as YAML text; none: required
  std::string value = {};                              // the effective value as YAML text; "" when there is none
  Origin origin = {};
  bool later = false;         // see Reader::later
  bool in_full_only = false;  // see Reader::in_full_only

  bool required() const { return type != FieldType::kSection && !fallback; }
};

}  // namespace mlrun::config

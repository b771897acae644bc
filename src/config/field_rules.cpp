#include "config/field_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/nearest_name.hpp"
#include "base/number.hpp"

namespace mlrun::config {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min(), kMost = std::numeric_limits<int64_t>::max();

std::string integer_range(int64_t min, int64_t max) {
  if (min == kLeast && max == kMost) return "";
  if (max == kMost) return fmt::format(" of at least {}", min);
  if (min == kLeast) return fmt::format(" of at most {}", max);
  return fmt::format(" from {} to {}", min, max);
}

std::string real_range(const Bounds& b) {
  const bool low = std::isfinite(b.min), high = std::isfinite(b.max);
  if (low && high && !b.exclusive_min && !b.exclusive_max)
    return fmt::format(" from {} to {}", print_number(b.min), print_number(b.max));
  std::string text;
  if (low) text += fmt::format(" {} {}", b.exclusive_min ? "greater than" : "of at least", print_number(b.min));
  if (high)
    text += fmt::format("{} {} {}", low ? " and" : "", b.exclusive_max ? "less than" : "at most", print_number(b.max));
  return text;
}

void set_bounds(FieldRecord& record, const Bounds& bounds) {
  if (std::isfinite(bounds.min)) record.min = bounds.min;
  if (std::isfinite(bounds.max)) record.max = bounds.max;
  record.exclusive_min = bounds.exclusive_min;
  record.exclusive_max = bounds.exclusive_max;
}

void set_bounds(FieldRecord& record, int64_t min, int64_t max) {
  if (min != kLeast) record.min = static_cast<double>(min);
  if (max != kMost) record.max = static_cast<double>(max);
}

std::string list_of(int64_t min_size, int64_t max_size, const std::string& elements) {
  if (min_size == max_size) return fmt::format("a list of {} {}", min_size, elements);
  return min_size > 0 ? fmt::format("a list of {} to {} {}", min_size, max_size, elements)
                      : fmt::format("a list of at most {} {}", max_size, elements);
}

FieldRecord record_with(FieldType type, const std::string& help, const std::string& expected) {
  FieldRecord record;
  record.type = type;
  record.help = help;
  record.expected = expected;
  return record;
}

template <class Field>
FieldRecord list_record(FieldType type, const Field& field, const std::string& elements) {
  FieldRecord record = record_with(type, field.help, list_of(field.min_size, field.max_size, elements));
  record.min_size = field.min_size;
  record.max_size = field.max_size;
  return record;
}

}  // namespace

bool Bounds::holds(double value) const {
  return (exclusive_min ? value > min : value >= min) && (exclusive_max ? value < max : value <= max);
}

double some_real(const Bounds& bounds) {
  if (bounds.holds(0)) return 0;
  if (std::isfinite(bounds.min) && std::isfinite(bounds.max)) return bounds.min + (bounds.max - bounds.min) / 2;
  return std::isfinite(bounds.min) ? bounds.min + 1 : bounds.max - 1;
}

FieldRecord record_of(const StringField& field) {
  return record_with(FieldType::kString, field.help, field.allow_empty ? "a text" : "a text that is not empty");
}

FieldRecord record_of(const ChoiceField& field, const std::vector<std::string>& choices) {
  FieldRecord record = record_with(FieldType::kChoice, field.help, fmt::format("one of {}", fmt::join(choices, ", ")));
  for (const std::string& choice : choices) record.choices.emplace_back(choice, "");
  return record;
}

FieldRecord record_of(const IntegerField& field) {
  FieldRecord record = record_with(FieldType::kInteger, field.help, "an integer" + integer_range(field.min, field.max));
  record.unit = field.unit;
  set_bounds(record, field.min, field.max);
  return record;
}

FieldRecord record_of(const RealField& field) {
  FieldRecord record = record_with(FieldType::kReal, field.help, "a number" + real_range(bounds_of(field)));
  record.unit = field.unit;
  set_bounds(record, bounds_of(field));
  return record;
}

FieldRecord record_of(const BooleanField& field) {
  return record_with(FieldType::kBoolean, field.help, "true or false");
}

FieldRecord record_of(const PeriodField& field) {
  std::string examples;
  for (size_t i = 0; i < field.units.size(); ++i) {
    if (i > 0) examples += i + 1 == field.units.size() ? " or " : ", ";
    examples += fmt::format("'N {}'", unit_name(field.units[i]));
    if (field.units[i] == Period::Unit::kMinutes) examples += " (or h)";
  }
  return record_with(FieldType::kPeriod, field.help,
                     fmt::format("a period, {}{}", examples, field.allow_zero ? "" : ", greater than 0"));
}

FieldRecord record_of(const IntegersField& field) {
  FieldRecord record = list_record(FieldType::kIntegers, field, "integers" + integer_range(field.min, field.max));
  record.unit = field.unit;
  set_bounds(record, field.min, field.max);
  return record;
}

FieldRecord record_of(const RealsField& field) {
  FieldRecord record = list_record(FieldType::kReals, field, "numbers" + real_range(bounds_of(field)));
  record.unit = field.unit;
  set_bounds(record, bounds_of(field));
  return record;
}

FieldRecord record_of(const StringsField& field) { return list_record(FieldType::kStrings, field, "texts"); }

std::string element_expected(const FieldRecord& list) {
  const auto edge = [](const std::optional<double>& value, double otherwise) { return value.value_or(otherwise); };
  if (list.type == FieldType::kStrings) return "a text that is not empty";
  const double infinity = std::numeric_limits<double>::infinity();
  const Bounds bounds{edge(list.min, -infinity), edge(list.max, infinity), list.exclusive_min, list.exclusive_max};
  return (list.type == FieldType::kIntegers ? "an integer" : "a number") + real_range(bounds);
}

std::optional<std::string> parse_string(const Node& node, bool allow_empty,
                                        const std::function<std::string(const std::string&)>& check,
                                        std::string& expected) {
  // An argument's `a,b` is a list to a list field and a text to a text field.
  const bool listed_text = node.kind == Node::Kind::kList && !node.text.empty();
  const bool nothing = node.kind == Node::Kind::kNull && node.text.empty() && node.origin.argument > 0;
  if (node.kind != Node::Kind::kScalar && !listed_text && !(nothing && allow_empty)) return std::nullopt;
  if (node.text.empty() && !allow_empty) return std::nullopt;
  const std::string reason = check ? check(node.text) : "";
  if (reason.empty()) return node.text;
  expected = reason;
  return std::nullopt;
}

std::optional<int64_t> parse_integer(const Node& node, int64_t min, int64_t max) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return std::nullopt;
  const std::optional<int64_t> value = mlrun::parse_integer(node.text);
  return value && *value >= min && *value <= max ? value : std::nullopt;
}

std::optional<double> real_in(const Node& node, const Bounds& bounds) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return std::nullopt;
  const std::optional<double> value = mlrun::parse_real(node.text);
  return value && bounds.holds(*value) ? value : std::nullopt;
}

std::optional<bool> parse_boolean(const Node& node) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return std::nullopt;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  return std::nullopt;
}

std::optional<Period> parse_period(const Node& node, const PeriodField& field) {
  if (node.kind != Node::Kind::kScalar) return std::nullopt;
  const std::optional<Period> period = parse_period(node.text);
  if (!period || (period->amount == 0 && !field.allow_zero)) return std::nullopt;
  if (std::find(field.units.begin(), field.units.end(), period->unit) == field.units.end()) return std::nullopt;
  return period;
}

std::string remedy_for(const FieldRecord& field, const Node& node) {
  if (node.kind == Node::Kind::kMap || node.kind == Node::Kind::kNull) return "";
  const std::string& text = node.text;
  const bool numeric = field.type == FieldType::kInteger || field.type == FieldType::kReal ||
                       field.type == FieldType::kIntegers || field.type == FieldType::kReals;
  if (field.type == FieldType::kBoolean) {
    for (const char* word : {"yes", "on", "True", "TRUE", "1", "y", "Yes", "On"})
      if (text == word) return "write true";
    for (const char* word : {"no", "off", "False", "FALSE", "0", "n", "No", "Off"})
      if (text == word) return "write false";
  }
  if (node.quoted && (numeric || field.type == FieldType::kBoolean)) return "remove the quotes";
  if (numeric) {
    const size_t digits = text.find_first_not_of("+-");
    const size_t first = digits == std::string::npos ? std::string::npos : text.find_first_not_of('0', digits);
    if (first != std::string::npos && first > digits && mlrun::parse_real(text.substr(first)))
      return fmt::format("write {}: a leading zero may mean octal", text.substr(first));
    const size_t comma = text.find(',');
    const bool list = field.type == FieldType::kIntegers || field.type == FieldType::kReals;
    if (comma != std::string::npos && list) return fmt::format("write [{}]", text);
    if (comma != std::string::npos && text.find(',', comma + 1) == std::string::npos)
      return "the decimal sign is a point";
  }
  if (field.type == FieldType::kPeriod) {
    if (const std::optional<Period> period = parse_period(text);
        period && period->unit == Period::Unit::kMinutes && period->amount > 0) {
      return "count steps or epochs: by the clock, the same spec would give other weights every time";
    }
    const size_t end = text.find_first_not_of("0123456789._e");
    const std::string number = text.substr(0, end);
    if (mlrun::parse_real(number)) {
      if (end == std::string::npos) return fmt::format("give the unit: {0} steps, {0} epochs or {0} min", number);
      const std::string typed = text.substr(std::min(text.find_first_not_of(' ', end), text.size()));
      const std::optional<std::string> unit = nearest_name(typed, {"steps", "epochs", "min", "hours"});
      if (unit) return fmt::format("did you mean '{} {}'?", number, *unit);
    }
  }
  if (field.type == FieldType::kChoice) {
    std::vector<std::string> names;
    for (const auto& [name, summary] : field.choices) names.push_back(name);
    if (const std::optional<std::string> name = nearest_name(text, names))
      return fmt::format("did you mean '{}'?", *name);
  }
  if (field.word)
    if (const std::optional<std::string> name = nearest_name(text, {*field.word}))
      return fmt::format("did you mean '{}'?", *name);
  return "";
}

}  // namespace mlrun::config

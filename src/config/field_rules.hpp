// From a node to a typed value, and the words for what was expected. Private to this room.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/field.hpp"
#include "config/node.hpp"

namespace mlrun::config {

struct Bounds {
  double min, max;
  bool exclusive_min, exclusive_max;
  bool holds(double value) const;
};
inline Bounds bounds_of(const RealField& f) { return {f.min, f.max, f.exclusive_min, f.exclusive_max}; }
inline Bounds bounds_of(const RealsField& f) { return {f.min, f.max, f.exclusive_min, f.exclusive_max}; }
double some_real(const Bounds& bounds);  // a value within them, 0 if it may be

FieldRecord record_of(const StringField& field);
FieldRecord record_of(const ChoiceField& field, const std::vector<std::string>& choices);
FieldRecord record_of(const IntegerField& field);
FieldRecord record_of(const RealField& field);
FieldRecord record_of(const BooleanField& field);
FieldRecord record_of(const PeriodField& field);
FieldRecord record_of(const IntegersField& field);
FieldRecord record_of(const RealsField& field);
FieldRecord record_of(const StringsField& field);
std::string element_expected(const FieldRecord& list);  // what one element of a list must be

// Nothing when the node is no such value. A quoted number is a text. `expected` is replaced by what `check` asks for.
std::optional<std::string> parse_string(const Node& node, bool allow_empty,
                                        const std::function<std::string(const std::string&)>& check,
                                        std::string& expected);
std::optional<int64_t> parse_integer(const Node& node, int64_t min, int64_t max);
std::optional<double> real_in(const Node& node, const Bounds& bounds);
std::optional<bool> parse_boolean(const Node& node);
std::optional<Period> parse_period(const Node& node, const PeriodField& field);

// How to set right what stands at the node, or "".
std::string remedy_for(const FieldRecord& field, const Node& node);

}  // namespace mlrun::config

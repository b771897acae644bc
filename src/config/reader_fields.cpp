// The typed fields of Reader.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "config/field_rules.hpp"
#include "config/reader.hpp"
#include "config/reading.hpp"
#include "config/yaml_writer.hpp"

namespace mlrun::config {
namespace {

std::string print_boolean(bool value) { return value ? "true" : "false"; }
std::string print_text(const std::string& text) { return yaml_text(text); }
std::string print_integer(int64_t value) { return print_number(value); }
std::string print_real(double value) { return print_number(value); }

template <class T, class Print>
std::vector<std::string> print_all(const std::vector<T>& values, Print print) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(print(value));
  return texts;
}

}  // namespace

template <class T, class Parse, class Print>
T Reader::value(std::string_view key, FieldRecord record, const std::optional<T>& fallback, T placeholder, Parse parse,
                Print print) {
  if (fallback) record.fallback = print(*fallback);
  FieldRecord& field = declare(key, std::move(record));
  const T otherwise = fallback.value_or(placeholder);
  const Node* node = section_->judged || has(key) ? given(key, field) : nullptr;
  if (!node) return otherwise;
  std::string expected = field.expected;
  const std::optional<T> parsed = parse(*node, expected);
  if (!parsed) {
    if (drop_former(*reading_, *section_, *node, field)) {
      given(key, field);  // reports what is required
      return otherwise;
    }
    section_->faulty = true;
    wrong(*node, fmt::format("{}: expected {}, found {}", field.path, expected, found(*node)),
          remedy_for(field, *node));
    return otherwise;
  }
  field.value = print(*parsed);
  return *parsed;
}

template <class T, class Parse, class Print>
std::optional<T> Reader::value_or(std::string_view key, std::string_view word, FieldRecord record,
                                  const std::optional<T>& fallback, Parse parse, Print print) {
  using Maybe = std::optional<T>;
  record.word = std::string(word);
  record.expected += fmt::format(" or '{}'", word);
  const auto parse_maybe = [&](const Node& node, std::string& expected) -> std::optional<Maybe> {
    if (node.kind == Node::Kind::kScalar && !node.quoted && node.text == word) return Maybe();
    const Maybe parsed = parse(node, expected);
    return parsed ? std::optional<Maybe>(parsed) : std::nullopt;
  };
  const auto print_maybe = [&](const Maybe& value) { return value ? print(*value) : std::string(word); };
  return this->value<Maybe>(key, std::move(record), std::optional<Maybe>(std::in_place, fallback), Maybe(), parse_maybe,
                            print_maybe);
}

template <class T, class Parse, class Print>
std::vector<T> Reader::list(std::string_view key, FieldRecord record, const std::optional<std::vector<T>>& fallback,
                            T placeholder, Parse parse, Print print) {
  const size_t least = static_cast<size_t>(*record.min_size), most = static_cast<size_t>(*record.max_size);
  if (fallback) record.fallback = yaml_list(print_all(*fallback, print));
  FieldRecord& field = declare(key, std::move(record));
  const std::vector<T> otherwise = fallback.value_or(std::vector<T>(least, placeholder));
  const Node* node = section_->judged || has(key) ? given(key, field) : nullptr;
  if (!node) return otherwise;
  // One value stands for a list of one.
  const std::vector<Node> single = node->kind == Node::Kind::kScalar ? std::vector<Node>{*node} : std::vector<Node>();
  const std::vector<Node>& elements = node->kind == Node::Kind::kScalar ? single : node->children;
  if (node->kind == Node::Kind::kMap || node->kind == Node::Kind::kNull || elements.size() < least ||
      elements.size() > most) {
    if (drop_former(*reading_, *section_, *node, field)) {
      given(key, field);  // reports what is required
      return otherwise;
    }
    section_->faulty = true;
    const std::string what =
        node->kind == Node::Kind::kList ? fmt::format("{} of them", elements.size()) : found(*node);
    wrong(*node, fmt::format("{}: expected {}, found {}", field.path, field.expected, what), remedy_for(field, *node));
    return otherwise;
  }
  std::vector<T> values;
  for (size_t i = 0; i < elements.size(); ++i) {
    std::string expected = element_expected(field);
    const std::optional<T> parsed = parse(elements[i], expected);
    if (parsed) {
      values.push_back(*parsed);
      continue;
    }
    if (drop_former(*reading_, *section_, *node, field)) {
      given(key, field);  // reports what is required
      return otherwise;
    }
    section_->faulty = true;
    const std::string place = elements.size() > 1 ? fmt::format("{}[{}]", field.path, i) : field.path;
    wrong(elements[i], fmt::format("{}: expected {}, found {}", place, expected, found(elements[i])),
          remedy_for(field, elements[i]));
  }
  if (values.size() != elements.size()) return otherwise;
  field.value = yaml_list(print_all(values, print));
  return values;
}

std::string Reader::string(std::string_view key, const StringField& field) {
  const std::string text = value<std::string>(
      key, record_of(field), field.fallback, std::string(),
      [&](const Node& node, std::string& expected) {
        return parse_string(node, field.allow_empty, field.check, expected);
      },
      print_text);
  if (!field.resolve || describing()) return text;
  const std::string resolved = field.resolve(text);
  reading_->fields[reading_->places.at(path_of(key))].value = print_text(resolved);
  return resolved;
}

std::string Reader::choice(std::string_view key, const Strings& choices, const ChoiceField& field) {
  require(!choices.empty(), "choice '{}' has no choices", key);
  require(!field.fallback || std::find(choices.begin(), choices.end(), *field.fallback) != choices.end(),
          "the fallback of '{}' is not one of its choices", key);
  const auto preset = section_->presets.find(std::string(key));
  const std::optional<std::string> fallback = preset == section_->presets.end() ? field.fallback : preset->second;
  const auto parse = [&](const Node& node, std::string&) -> std::optional<std::string> {
    if (node.kind != Node::Kind::kScalar) return std::nullopt;
    if (std::find(choices.begin(), choices.end(), node.text) == choices.end()) return std::nullopt;
    return node.text;
  };
  return value<std::string>(key, record_of(field, choices), fallback, choices.front(), parse, yaml_choice);
}

int64_t Reader::integer(std::string_view key, const IntegerField& field) {
  return value<int64_t>(
      key, record_of(field), field.fallback, std::clamp<int64_t>(0, field.min, field.max),
      [&](const Node& node, std::string&) { return parse_integer(node, field.min, field.max); }, print_integer);
}

double Reader::real(std::string_view key, const RealField& field) {
  return value<double>(
      key, record_of(field), field.fallback, some_real(bounds_of(field)),
      [&](const Node& node, std::string&) { return real_in(node, bounds_of(field)); }, print_real);
}

bool Reader::boolean(std::string_view key, const BooleanField& field) {
  return value<bool>(
      key, record_of(field), field.fallback, false, [](const Node& node, std::string&) { return parse_boolean(node); },
      print_boolean);
}

Period Reader::period(std::string_view key, const PeriodField& field) {
  require(!field.units.empty(), "period '{}' has no units", key);
  return value<Period>(
      key, record_of(field), field.fallback, Period{1, field.units.front()},
      [&](const Node& node, std::string&) { return parse_period(node, field); }, print_period);
}

std::vector<int64_t> Reader::integers(std::string_view key, const IntegersField& field) {
  return list<int64_t>(
      key, record_of(field), field.fallback, std::clamp<int64_t>(0, field.min, field.max),
      [&](const Node& node, std::string&) { return parse_integer(node, field.min, field.max); }, print_integer);
}

std::vector<double> Reader::reals(std::string_view key, const RealsField& field) {
  return list<double>(
      key, record_of(field), field.fallback, some_real(bounds_of(field)),
      [&](const Node& node, std::string&) { return real_in(node, bounds_of(field)); }, print_real);
}

std::vector<std::string> Reader::strings(std::string_view key, const StringsField& field) {
  return list<std::string>(
      key, record_of(field), field.fallback, std::string(),
      [&](const Node& node, std::string& expected) { return parse_string(node, false, field.check, expected); },
      print_text);
}

std::optional<std::string> Reader::string_or(std::string_view key, std::string_view word, const StringField& field) {
  const std::optional<std::string> text = value_or<std::string>(
      key, word, record_of(field), field.fallback,
      [&](const Node& node, std::string& expected) {
        return parse_string(node, field.allow_empty, field.check, expected);
      },
      [&](const std::string& given) { return yaml_text(given, word); });
  if (!text || !field.resolve || describing()) return text;
  const std::string resolved = field.resolve(*text);
  reading_->fields[reading_->places.at(path_of(key))].value = yaml_text(resolved, word);
  return resolved;
}

std::optional<int64_t> Reader::integer_or(std::string_view key, std::string_view word, const IntegerField& field) {
  return value_or<int64_t>(
      key, word, record_of(field), field.fallback,
      [&](const Node& node, std::string&) { return parse_integer(node, field.min, field.max); }, print_integer);
}

std::optional<double> Reader::real_or(std::string_view key, std::string_view word, const RealField& field) {
  return value_or<double>(
      key, word, record_of(field), field.fallback,
      [&](const Node& node, std::string&) { return real_in(node, bounds_of(field)); }, print_real);
}

std::optional<Period> Reader::period_or(std::string_view key, std::string_view word, const PeriodField& field) {
  return value_or<Period>(
      key, word, record_of(field), field.fallback,
      [&](const Node& node, std::string&) { return parse_period(node, field); }, print_period);
}

}  // namespace mlrun::config

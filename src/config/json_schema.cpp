#include <cmath>
#include <nlohmann/json.hpp>

#include "base/number.hpp"
#include "config/field_tree.hpp"
#include "config/print.hpp"

namespace mlrun::config {
namespace {

using Json = nlohmann::ordered_json;

// An integer bound as an integer, so that it prints as one.
Json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

void add_bounds(Json& json, const FieldRecord& field) {
  if (field.min) json[field.exclusive_min ? "exclusiveMinimum" : "minimum"] = number(*field.min);
  if (field.max) json[field.exclusive_max ? "exclusiveMaximum" : "maximum"] = number(*field.max);
}

// In JSON a number is a number. In a file, YAML 1.1 takes 1e-3 for a text because it has no point, and YAML 1.2 takes
// 10_000 for one.
enum class Numbers { kPlain, kAsInYaml };

Json number_schema(const char* type, const FieldRecord& field, Numbers numbers) {
  Json json = {{"type", type}};
  add_bounds(json, field);
  if (numbers == Numbers::kPlain) return json;
  const Json text = {{"type", "string"}, {"pattern", "^[-+]?[0-9][0-9_]*(\\.[0-9]+)?([eE][-+]?[0-9]+)?$"}};
  return {{"anyOf", Json::array({json, text})}};
}

Json list_of(Json element, const FieldRecord& field) {
  Json list = {{"type", "array"}};
  if (field.min_size) list["minItems"] = *field.min_size;
  if (field.max_size) list["maxItems"] = *field.max_size;
  list["items"] = element;
  return {{"anyOf", Json::array({list, element})}};  // one value stands for a list of one
}

Json default_value(const FieldRecord& field) {
  const std::string& text = *field.fallback;
  if (field.type == FieldType::kBoolean) return text == "true";
  if (const auto integer = mlrun::parse_integer(text); integer && field.type != FieldType::kString) return *integer;
  if (const auto real = mlrun::parse_real(text); real && field.type != FieldType::kString) return *real;
  return text;
}

Json schema_of(const FieldRecord& field, Numbers numbers) {
  Json json;
  switch (field.type) {
    case FieldType::kInteger:
      json = number_schema("integer", field, numbers);
      break;
    case FieldType::kReal:
      json = number_schema("number", field, numbers);
      break;
    case FieldType::kBoolean:
      json = {{"type", "boolean"}};
      break;
    case FieldType::kPeriod:
      json = {{"type", "string"}, {"pattern", "^[0-9][0-9_.e]* +(steps?|epochs?|min|minutes?|h|hours?)$"}};
      break;
    case FieldType::kKind:
    case FieldType::kChoice:
      json = {{"enum", Json::array()}};
      for (const auto& [name, summary] : field.choices) {
        if (name == "true" || name == "false") json["enum"].push_back(name == "true");
        else json["enum"].push_back(name);
      }
      break;
    case FieldType::kIntegers:
    case FieldType::kReals:
      json = list_of(number_schema(field.type == FieldType::kIntegers ? "integer" : "number", field, numbers), field);
      break;
    case FieldType::kStrings:
      json = list_of({{"type", "string"}}, field);
      break;
    case FieldType::kString:
      // `name: 123` is a text to us, and a number to an editor's YAML.
      json = {{"type", Json::array({"string", "number", "boolean"})}};
      break;
    case FieldType::kSection:
      break;
  }
  if (field.word) json = {{"anyOf", Json::array({json, {{"const", *field.word}}})}};
  if (!field.help.empty()) json["description"] = field.help;
  if (field.fallback && field.type != FieldType::kIntegers && field.type != FieldType::kReals &&
      field.type != FieldType::kStrings)
    json["default"] = default_value(field);
  return json;
}

Json section(const FieldTree& tree) {
  Json json = {{"type", "object"}};
  if (tree.record && !tree.record->help.empty()) json["description"] = tree.record->help;
  Json properties = Json::object(), required = Json::array();
  for (const FieldTree& child : tree.children) {
    const bool is_section = !child.record || child.record->type == FieldType::kSection;
    properties[child.name] = is_section ? section(child) : schema_of(*child.record, Numbers::kPlain);
    if (!is_section && child.record->required()) required.push_back(child.name);
  }
  json["properties"] = properties;
  if (!required.empty()) json["required"] = required;
  json["additionalProperties"] = false;
  return json;
}

}  // namespace

nlohmann::ordered_json json_schema_of(const FieldRecord& field) { return schema_of(field, Numbers::kAsInYaml); }

nlohmann::ordered_json json_schema(const Fields& fields, const std::string& title) {
  Json json = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  const FieldTree tree = field_tree(fields);
  const Json body = section(tree);
  for (const auto& [key, value] : body.items()) json[key] = value;
  json["properties"]["extends"] = {{"type", "string"}, {"description", "the spec this one changes"}};
  // With `extends` the other file may hold what is required here.
  json.erase("required");
  return json;
}

}  // namespace mlrun::config

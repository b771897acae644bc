#include "constraints/json_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "constraints/regex.hpp"

namespace mlrun::constraints {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string> kAnnotations = {"title",    "description", "$schema",  "$id",
                                               "$comment", "default",     "examples", "deprecated",
                                               "readOnly", "writeOnly",   "$defs",    "definitions"};

class SchemaReader {
 public:
  SchemaReader(const Json& schema, std::string name, bool bytes)
      : schema_(schema), name_(std::move(name)), bytes_(bytes) {}

  Grammar whole() {
    const int32_t rule = grammar_.rule("#");
    grammar_.define(rule, of(schema_, "#"));
    while (!wanted_.empty()) {  // definitions that were referred to, and what these refer to
      const std::string path = wanted_.back();
      wanted_.pop_back();
      grammar_.define(grammar_.rule(path), of(at(path), path));
    }
    if (const auto circle = grammar_.left_recursion(); !circle.empty())
      refuse(circle.front(), "it refers to itself with nothing between",
             "a $ref inside properties, or behind another way of anyOf");
    grammar_.root = grammar_.use(rule);
    return std::move(grammar_);
  }

 private:
  [[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& remedy) const {
    fail(ExitCode::kUsage, "{}: at {}: {}\n  {}", name_, path, what, remedy);
  }

  NodeId text(std::string_view t) { return grammar_.literal(t, bytes_); }
  NodeId one_of(std::string_view characters) {
    CodeSet set;
    for (const char c : characters) set.add(c, c);
    return grammar_.codes(set);
  }
  NodeId range(char first, char last) { return grammar_.codes({first, last}); }
  NodeId some(NodeId node) { return grammar_.repeat(node, 1, -1); }
  NodeId any_number(NodeId node) { return grammar_.repeat(node, 0, -1); }
  NodeId maybe(NodeId node) { return grammar_.repeat(node, 0, 1); }
  NodeId comma() { return grammar_.sequence({text(","), maybe(text(" "))}); }
  NodeId colon() { return grammar_.sequence({text(":"), maybe(text(" "))}); }

  // The characters that a JSON string may not hold as they are.
  CodeSet not_plain() const {
    CodeSet set(0, 0x1F);
    set.add('"', '"');
    set.add('\\', '\\');
    set.add(0xD800, 0xDFFF);
    if (bytes_) set.add(0x7F, kMostCode);
    return set;
  }
  NodeId character() {
    CodeSet hex{'0', '9'}, not_d{'0', '9'};
    hex.add('a', 'f'), hex.add('A', 'F');
    for (const char* c = "abcefABCEF"; *c != 0; ++c) not_d.add(*c, *c);
    const NodeId digit = grammar_.codes(hex);
    const NodeId unit =
        grammar_.choice({grammar_.sequence({grammar_.codes(not_d), grammar_.repeat(digit, 3, 3)}),
                         grammar_.sequence({one_of("dD"), range('0', '7'), grammar_.repeat(digit, 2, 2)})});
    const NodeId escape = grammar_.choice({one_of("\"\\/bfnrt"), grammar_.sequence({text("u"), unit})});
    return grammar_.choice({grammar_.codes(not_plain().inverted()), grammar_.sequence({text("\\"), escape})});
  }
  NodeId quoted(NodeId inside) { return grammar_.sequence({text("\""), inside, text("\"")}); }
  NodeId integer() {
    return grammar_.sequence(
        {maybe(text("-")),
         grammar_.choice({text("0"), grammar_.sequence({range('1', '9'), any_number(range('0', '9'))})})});
  }
  NodeId number() {
    const NodeId digits = some(range('0', '9'));
    return grammar_.sequence({integer(), maybe(grammar_.sequence({text("."), digits})),
                              maybe(grammar_.sequence({one_of("eE"), maybe(one_of("+-")), digits}))});
  }

  // Any value at all.
  NodeId anything() {
    const int32_t rule = grammar_.rule("any value");
    if (grammar_.rules()[static_cast<size_t>(rule)].node < 0) {
      grammar_.define(rule, grammar_.nothing());  // found by the use below, and replaced after it
      const NodeId value = grammar_.use(rule);
      grammar_.define(rule, grammar_.choice({object_of(value), array_of(value, 0, -1), quoted(any_number(character())),
                                             number(), text("true"), text("false"), text("null")}));
    }
    return grammar_.use(rule);
  }
  NodeId array_of(NodeId item, int64_t least, int64_t most) {
    const NodeId more = grammar_.sequence({comma(), item});
    NodeId items = grammar_.nothing();
    if (most != 0) {
      items =
          grammar_.sequence({item, grammar_.repeat(more, std::max<int64_t>(0, least - 1), most < 0 ? -1 : most - 1)});
      if (least == 0) items = maybe(items);
    }
    return grammar_.sequence({text("["), items, text("]")});
  }
  NodeId object_of(NodeId value) {
    const NodeId member = grammar_.sequence({quoted(any_number(character())), colon(), value});
    return grammar_.sequence(
        {text("{"), maybe(grammar_.sequence({member, any_number(grammar_.sequence({comma(), member}))})), text("}")});
  }

  const Json& at(const std::string& path) const {
    const Json* here = &schema_;
    for (size_t begin = 2; begin < path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      const std::string key = path.substr(begin, end - begin);
      if (!here->is_object() || !here->contains(key))
        refuse(path, "a $ref that leads nowhere", "one into   $defs, such as #/$defs/NAME");
      here = &(*here)[key];
      begin = end + 1;
    }
    return *here;
  }

  // The keywords of one schema. The reader asks for each that it knows, and finish() refuses the others.
  class Keywords {
   public:
    Keywords(const SchemaReader& reader, const Json& schema, std::string path)
        : reader_(reader), schema_(schema), path_(std::move(path)) {}
    const Json* find(const std::string& key) {
      asked_.push_back(key);
      return schema_.contains(key) ? &schema_[key] : nullptr;
    }
    int64_t count(const std::string& key, int64_t fallback) {
      const Json* found = find(key);
      if (!found) return fallback;
      if (!found->is_number_unsigned() || found->get<int64_t>() > 100'000)
        reader_.refuse(path_, fmt::format("{} is {}", key, found->dump()), "a whole number from 0 to 100000");
      return found->get<int64_t>();
    }
    void finish() const {
      for (const auto& [key, value] : schema_.items()) {
        const auto in = [&k = key](const std::vector<std::string>& names) {
          return std::find(names.begin(), names.end(), k) != names.end();
        };
        if (in(asked_) || in(kAnnotations)) continue;
        reader_.refuse(path_, fmt::format("'{}' is not supported here", key),
                       fmt::format("without it; what is understood here   {}", fmt::join(asked_, ", ")));
      }
    }

   private:
    const SchemaReader& reader_;
    const Json& schema_;
    std::string path_;
    std::vector<std::string> asked_;
  };

  NodeId of(const Json& schema, const std::string& path) {
    if (schema.is_boolean() && schema.get<bool>()) return anything();
    if (!schema.is_object()) refuse(path, fmt::format("{} is no schema", schema.dump()), "an object, or true");
    Keywords keys(*this, schema, path);
    if (const Json* ref = keys.find("$ref")) {
      const std::string to = ref->is_string() ? ref->get<std::string>() : "";
      if (!to.starts_with("#"))
        refuse(path, fmt::format("$ref {} is not into this schema", ref->dump()),
               "one into   $defs, such as #/$defs/NAME");
      keys.finish();
      at(to);
      const int32_t rule = grammar_.rule(to);
      if (to != "#" && grammar_.rules()[static_cast<size_t>(rule)].node < 0 &&
          std::find(wanted_.begin(), wanted_.end(), to) == wanted_.end())
        wanted_.push_back(to);
      return grammar_.use(rule);
    }
    if (const Json* value = keys.find("const")) {
      allow(keys, {"type"});
      return text(value->dump());
    }
    if (const Json* values = keys.find("enum")) {
      allow(keys, {"type"});
      if (!values->is_array() || values->empty()) refuse(path, "enum is no list of values", "enum: [\"yes\", \"no\"]");
      std::vector<NodeId> ways;
      for (const Json& value : *values) ways.push_back(text(value.dump()));
      return grammar_.choice(std::move(ways));
    }
    if (const Json* any = keys.find("anyOf")) {
      keys.finish();
      std::vector<NodeId> ways;
      for (size_t i = 0; i < any->size(); ++i) ways.push_back(of((*any)[i], fmt::format("{}/anyOf/{}", path, i)));
      if (ways.empty()) refuse(path, "anyOf of nothing", "a list of schemas");
      return grammar_.choice(std::move(ways));
    }
    const Json* type = keys.find("type");
    if (!type) {
      if (schema.contains("properties")) return of_type("object", schema, keys, path);
      keys.finish();
      return anything();
    }
    if (type->is_string()) return of_type(type->get<std::string>(), schema, keys, path);
    std::vector<NodeId> ways;
    for (const Json& each : *type) {
      Json alone = schema;
      if (type->size() > 1 && each != "object" && each != "array" && each != "string") alone = Json::object();
      Keywords of_each(*this, alone, path);
      of_each.find("type");
      ways.push_back(of_type(each.is_string() ? each.get<std::string>() : each.dump(), alone, of_each, path));
    }
    if (ways.empty()) refuse(path, "type of nothing", "a type, or a list of them");
    return grammar_.choice(std::move(ways));
  }

  static void allow(Keywords& keys, const std::vector<std::string>& others) {
    for (const std::string& key : others) keys.find(key);
    keys.finish();
  }

  NodeId of_type(const std::string& type, const Json& schema, Keywords& keys, const std::string& path) {
    if (type == "object") return object(schema, keys, path);
    if (type == "array") {
      const Json* items = keys.find("items");
      const int64_t least = keys.count("minItems", 0), most = keys.count("maxItems", -1);
      keys.finish();
      if (most >= 0 && most < least) refuse(path, "maxItems is below minItems", "minItems <= maxItems");
      return array_of(items ? of(*items, path + "/items") : anything(), least, most);
    }
    if (type == "string") return string(keys, path);
    keys.finish();
    if (type == "integer") return integer();
    if (type == "number") return number();
    if (type == "boolean") return grammar_.choice({text("true"), text("false")});
    if (type == "null") return text("null");
    refuse(path, fmt::format("no type '{}'", type), "object, array, string, number, integer, boolean or null");
  }

  NodeId string(Keywords& keys, const std::string& path) {
    const Json* pattern = keys.find("pattern");
    const bool counted = keys.find("minLength") || keys.find("maxLength");
    const int64_t least = keys.count("minLength", 0), most = keys.count("maxLength", -1);
    keys.finish();
    if (most >= 0 && most < least) refuse(path, "maxLength is below minLength", "minLength <= maxLength");
    if (!pattern) return quoted(grammar_.repeat(character(), least, most));
    const std::string regex = pattern->is_string() ? pattern->get<std::string>() : "";
    if (!regex.starts_with("^") || !regex.ends_with("$"))
      refuse(path, "a pattern that is of a part of the string", "of the whole of it   \"pattern\": \"^...$\"");
    if (counted) refuse(path, "a pattern beside minLength or maxLength", "counts in the pattern   [a-z]{2,5}");
    return quoted(add_regex(grammar_, regex, name_ + ": at " + path, bytes_, not_plain()));
  }

  NodeId object(const Json& schema, Keywords& keys, const std::string& path) {
    const Json* properties = keys.find("properties");
    const Json* required = keys.find("required");
    const Json* more = keys.find("additionalProperties");
    keys.finish();
    static_cast<void>(schema);
    std::vector<std::string> must;
    if (required) must = required->get<std::vector<std::string>>();
    for (const std::string& name : must) {
      if (!properties || !properties->contains(name))
        refuse(path, fmt::format("'{}' is required, and not among the properties", name),
               fmt::format("\"properties\": {{{}: {{...}}}}", Json(name).dump()));
    }
    if (!properties) {
      if (more && more->is_boolean() && !more->get<bool>()) return text("{}");
      return object_of(more ? of(*more, path + "/additionalProperties") : anything());
    }
    // From the last property to the first: what follows where one was written already, and where none was.
    NodeId after = grammar_.nothing(), first = grammar_.nothing();
    std::vector<std::pair<std::string, const Json*>> all;
    for (const auto& [name, value] : properties->items()) all.emplace_back(name, &value);
    for (auto p = all.rbegin(); p != all.rend(); ++p) {
      const NodeId member =
          grammar_.sequence({text(Json(p->first).dump()), colon(), of(*p->second, path + "/properties/" + p->first)});
      const NodeId begun = grammar_.sequence({comma(), member, after}), fresh = grammar_.sequence({member, after});
      const bool needed = std::find(must.begin(), must.end(), p->first) != must.end();
      first = needed ? fresh : grammar_.choice({fresh, first});
      after = needed ? begun : grammar_.choice({begun, after});
    }
    return grammar_.sequence({text("{"), first, text("}")});
  }

  const Json& schema_;
  std::string name_;
  bool bytes_;
  Grammar grammar_;
  std::vector<std::string> wanted_;
};

}  // namespace

Grammar grammar_of_json_schema(std::string_view text, const std::string& name, bool bytes) {
  Json schema;
  try {
    schema = Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    fail(ExitCode::kUsage, "{}: this is no JSON: {}", name, error.what());
  }
  try {
    return SchemaReader(schema, name, bytes).whole();
  } catch (const nlohmann::json::exception& error) {
    fail(ExitCode::kUsage, "{}: this is no JSON Schema: {}\n  what is understood   --json-schema in the help of sample",
         name, error.what());
  }
}

}  // namespace mlrun::constraints

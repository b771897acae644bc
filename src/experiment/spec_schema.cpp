#include "experiment/spec_schema.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "config/field_tree.hpp"
#include "config/print.hpp"
#include "experiment/experiment.hpp"

namespace mlrun {
namespace {

using Json = nlohmann::ordered_json;
using ChosenKinds = std::vector<std::string>;  // "model.kind=sequence", "model.mixer.kind=s4d"

const config::FieldTree* child_of(const config::FieldTree& tree, const std::string& name) {
  for (const config::FieldTree& child : tree.children)
    if (child.name == name) return &child;
  return nullptr;
}

bool is_section(const config::FieldTree& tree) {
  return !tree.record || tree.record->type == config::FieldType::kSection;
}

class SchemaWriter {
 public:
  Json write() {
    const config::Fields fields = fields_with({});
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "a spec of mlrun"}};
    const Json body = section(field_tree(fields), "", {});
    schema.update(body);
    schema["properties"]["extends"] = {{"type", "string"}, {"description", "the spec that this one changes"}};
    Json required = Json::array();
    for (const char* name : {"data", "model"}) required.push_back(name);
    schema["if"] = {{"not", {{"required", {"extends"}}}}};
    schema["then"] = {{"required", required},
                      {"properties", {{"data", {{"required", {"kind"}}}}, {"model", {{"required", {"kind"}}}}}}};
    schema["$defs"] = definitions_;
    return schema;
  }

 private:
  // Of a spec with these kinds, and others where it would not be one.
  static config::Fields fields_with(ChosenKinds kinds) {
    for (const char* other : {"data.kind=mnist", "model.kind=made"}) {
      const std::string text = other;
      const std::string key = text.substr(0, text.find('=') + 1);
      bool given = false;
      for (const std::string& kind : kinds) given = given || kind.starts_with(key);
      if (!given) kinds.insert(kinds.begin(), text);
    }
    return describe_spec(kinds);
  }

  // One section at `path` ("" is the whole spec) of a spec with these kinds.
  Json section(const config::FieldTree& tree, const std::string& path, const ChosenKinds& kinds) {
    Json properties = Json::object();
    for (const config::FieldTree& child : tree.children) {
      const std::string at = path.empty() ? child.name : path + "." + child.name;
      properties[child.name] =
          is_section(child) ? open_section(child, at, kinds) : config::json_schema_of(*child.record);
    }
    add_named_mixers(tree, properties);
    return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  }

  // Where `mixers` names kinds, each has a section of its name; `mlrun validate` judges what is in it.
  static void add_named_mixers(const config::FieldTree& tree, Json& properties) {
    const config::FieldTree* mixer = child_of(tree, "mixer");
    const config::FieldTree* kind = mixer ? child_of(*mixer, "kind") : nullptr;
    if (!kind || !kind->record || !child_of(tree, "mixers")) return;
    for (const auto& [name, summary] : kind->record->choices)
      properties[name] = {{"type", "object"}, {"description", "of the mixers of this kind"}};
  }

  // A section that has kinds is one of them; each set of kinds is described once, and referred to from wherever it is
  // allowed, so that quantizers of quantizers have an end.
  Json open_section(const config::FieldTree& tree, const std::string& path, const ChosenKinds& kinds) {
    const config::FieldTree* kind = child_of(tree, "kind");
    Json described =
        tree.record && !tree.record->help.empty() ? Json{{"description", tree.record->help}} : Json::object();
    if (!kind || !kind->record || kind->record->type != config::FieldType::kKind) {
      described.update(section(tree, path, kinds));
      return described;
    }
    std::string known;
    for (const auto& [name, summary] : kind->record->choices) known += name + " ";
    const auto found = names_.find(known);
    if (found == names_.end()) {
      const std::string name = path;
      names_[known] = name;
      definitions_[name] = nullptr;  // its place, in the order of the spec
      const Json body = one_of_kinds(*kind->record, path, kinds);
      definitions_[name] = body;
    }
    described["$ref"] = "#/$defs/" + names_[known];
    return described;
  }

  Json one_of_kinds(const config::FieldRecord& kind, const std::string& path, const ChosenKinds& kinds) {
    Json choices = Json::array(), rules = Json::array(), every = Json::object();
    for (const auto& [name, summary] : kind.choices) {
      choices.push_back(name);
      ChosenKinds with = kinds;
      with.push_back(path + ".kind=" + name);
      const config::Fields fields = fields_with(with);
      const config::FieldTree whole = field_tree(fields);
      const config::FieldTree* tree = &whole;
      for (size_t begin = 0; tree && begin <= path.size();) {
        const size_t end = std::min(path.find('.', begin), path.size());
        tree = child_of(*tree, path.substr(begin, end - begin));
        begin = end + 1;
      }
      if (!tree) continue;
      Json body = section(*tree, path, with);
      body["properties"]["kind"] = {{"const", name}, {"description", summary}};
      for (const auto& [key, value] : body["properties"].items()) every[key] = true;
      rules.push_back(
          {{"if", {{"required", {"kind"}}, {"properties", {{"kind", {{"const", name}}}}}}}, {"then", body}});
    }
    every["kind"] = {{"enum", choices}};
    if (kind.fallback) every["kind"]["default"] = *kind.fallback;
    return {{"type", "object"}, {"properties", every}, {"additionalProperties", false}, {"allOf", rules}};
  }

  Json definitions_ = Json::object();
  std::map<std::string, std::string> names_;  // kinds of a section -> its definition
};

}  // namespace

nlohmann::ordered_json spec_schema() { return SchemaWriter().write(); }

}  // namespace mlrun

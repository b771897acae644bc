// What the readers of one document share. Private to this room.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/field.hpp"
#include "config/node.hpp"

namespace mlrun::config {

struct Override {
  std::string text, path;  // path: "" when it could not be applied
  Origin origin;
};

struct SectionReading {
  std::string path;
  const Node* node = nullptr;  // null: absent or not a map
  Origin origin;               // of its key
  int length = 1;
  std::set<std::string> keys;  // declared
  std::string kind;
  bool judged = true;  // false when its kind is unknown: then nobody can say which keys are right
};

struct Reading {
  Node root;
  Diagnostics diagnostics;
  bool broken = false;      // there is no tree to judge: missing fields are not reported
  bool describing = false;  // there was never meant to be one
  std::vector<Override> overrides;
  std::vector<FieldRecord> fields;
  std::map<std::string, size_t> places;  // path -> index in fields
  std::map<std::string, std::shared_ptr<SectionReading>> sections;
};

// Applies "a.b=value" to the tree. Mistakes are recorded.
Override apply_override(Node& root, const std::string& text, const Origin& origin, Diagnostics& diagnostics);

// Records the keys of a section, and of those below it, that no field declares.
void refuse_unknown_keys(Reading& reading, const SectionReading& section);
// Records the arguments whose path no field declares.
void refuse_unknown_overrides(Reading& reading);

// "in model (kind: made)", "in the spec".
std::string section_name(const SectionReading& section);
// What to ask `mlrun config schema` about.
std::string section_topic(const SectionReading& section);

}  // namespace mlrun::config

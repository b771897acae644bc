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
  std::set<std::string> keys;                  // declared
  std::set<std::string> dropped;               // of a former kind, with values that this kind's fields cannot have
  std::map<std::string, std::string> presets;  // key of a choice -> its default here (Reader::preset)
  std::string kind;
  std::string topic;    // see Reader::described_by; "": its path and kind
  bool faulty = false;  // one of its fields has a value it cannot have
  bool judged = true;   // false when its kind is unknown: then nobody can say which keys are right
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
  std::vector<std::string> dropped;  // paths that a former kind left behind
};

// Applies "a.b=value" to the tree. Mistakes are recorded.
Override apply_override(Node& root, const std::string& text, const Origin& origin, Diagnostics& diagnostics);

// Records the keys of a section, and of those below it, that no field declares.
void refuse_unknown_keys(Reading& reading, const SectionReading& section);
// Records the arguments whose path no field declares.
void refuse_unknown_overrides(Reading& reading);

// Whether the node of this key of the section is one that a former kind left behind; then it is dropped, and the field
// is as if nobody had given it.
bool drop_former(Reading& reading, SectionReading& section, const Node& node, FieldRecord& field);

// A line for each section whose kind was replaced and that left keys behind:
// "model.kind=nade (argument 2) in place of made drops hidden and direct".
std::vector<std::string> notes_of(const Reading& reading);

// "in model (kind: made)", "in the spec".
std::string section_name(const SectionReading& section);
// What to ask `mlrun config schema` about.
std::string section_topic(const SectionReading& section);

}  // namespace mlrun::config

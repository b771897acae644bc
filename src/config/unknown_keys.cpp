// Keys and arguments that no field declares, and what was probably meant.
#include <algorithm>

#include "base/nearest_name.hpp"
#include "config/reading.hpp"

namespace mlrun::config {
namespace {

constexpr size_t kMaxKnown = 16;  // names listed in a message

std::string last_name(const std::string& path) { return path.substr(path.rfind('.') + 1); }
std::string parent(const std::string& path) {
  const size_t dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}
bool is_below(const std::string& path, const std::string& section) {
  return section.empty() ||
         (path.size() > section.size() && path.compare(0, section.size(), section) == 0 && path[section.size()] == '.');
}

// Names of the fields and sections directly in a section, as declared.
std::vector<std::string> names_in(const Reading& reading, const std::string& section) {
  std::vector<std::string> names;
  for (const FieldRecord& field : reading.fields)
    if (is_below(field.path, section) && parent(field.path) == section) names.push_back(last_name(field.path));
  return names;
}

// The declared path nearest to what was typed: step by step, or the only field elsewhere with the same last name.
std::optional<std::string> nearest_path(const Reading& reading, const std::string& typed) {
  std::string path;
  bool reached = true;
  for (size_t begin = 0; reached && begin <= typed.size();) {
    const size_t end = std::min(typed.find('.', begin), typed.size());
    const std::string name = typed.substr(begin, end - begin), prefix = path.empty() ? "" : path + ".";
    if (reading.places.count(prefix + name) > 0) {
      path = prefix + name;
    } else {
      const std::optional<std::string> nearest = nearest_name(name, names_in(reading, path));
      reached = nearest.has_value();
      if (reached) path = prefix + *nearest;
    }
    begin = end + 1;
  }
  if (reached) return path;
  std::optional<std::string> only;
  for (const FieldRecord& field : reading.fields) {
    if (field.type == FieldType::kSection || last_name(field.path) != last_name(typed)) continue;
    if (only) return std::nullopt;
    only = field.path;
  }
  return only;
}

std::string known(const Reading& reading, const std::string& section) {
  std::vector<std::string> names = names_in(reading, section);
  names.erase(std::remove(names.begin(), names.end(), "kind"), names.end());
  if (names.empty()) return section.empty() ? "" : "it has no other keys";
  const size_t more = names.size() > kMaxKnown ? names.size() - kMaxKnown : 0;
  names.resize(names.size() - more);
  return fmt::format("known: {}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

// The key is in the tree because an argument named a path through it; refuse_unknown_overrides reports that argument.
bool is_of_override(const Reading& reading, const std::string& path) {
  return std::any_of(reading.overrides.begin(), reading.overrides.end(),
                     [&](const Override& argument) { return argument.path == path || is_below(argument.path, path); });
}

void refuse_in_section(Reading& reading, const SectionReading& section) {
  if (!section.judged || !section.node) return;
  for (const Node& child : section.node->children) {
    if (section.keys.count(child.key) > 0) continue;
    const std::string path = section.path.empty() ? child.key : section.path + "." + child.key;
    if (child.of_former_kind) {
      if (std::count(reading.dropped.begin(), reading.dropped.end(), path) == 0) reading.dropped.push_back(path);
      continue;
    }
    if (child.key_origin.argument > 0 && is_of_override(reading, path)) continue;
    const std::optional<std::string> nearest = nearest_path(reading, path);
    std::string remedy;
    if (nearest)
      remedy = fmt::format("did you mean '{}'?  ", parent(*nearest) == section.path ? last_name(*nearest) : *nearest);
    reading.diagnostics.add(child.key_origin, child.key_length,
                            fmt::format("unknown key {} {}", quote(child.key), section_name(section)),
                            remedy + known(reading, section.path), section_topic(section));
  }
}

// The node at the path, or one above it, was left behind by a former kind.
bool is_of_former_kind(const Node& root, const std::string& path) {
  const Node* node = &root;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    node = node->find(path.substr(begin, end - begin));
    if (!node) return false;
    if (node->of_former_kind) return true;
    begin = end + 1;
  }
  return false;
}

// The path of the innermost section around `path` whose kind was replaced.
std::string replaced_section(const Node& root, const std::string& path) {
  std::string found;
  const Node* node = &root;
  for (size_t begin = 0; begin <= path.size();) {
    if (node->former_kind) found = path.substr(0, begin == 0 ? 0 : begin - 1);
    const size_t end = std::min(path.find('.', begin), path.size());
    node = node->find(path.substr(begin, end - begin));
    if (!node) break;
    begin = end + 1;
  }
  return found;
}

}  // namespace

std::vector<std::string> notes_of(const Reading& reading) {
  std::map<std::string, std::vector<std::string>> dropped;  // by the section whose kind was replaced
  for (const std::string& path : reading.dropped) {
    const std::string section = replaced_section(reading.root, path);
    dropped[section].push_back(path.substr(section.empty() ? 0 : section.size() + 1));
  }
  std::vector<std::string> notes;
  for (const auto& [path, names] : dropped) {
    const auto section = reading.sections.find(path);
    if (section == reading.sections.end() || !section->second->node) continue;
    const Node& node = *section->second->node;
    const Node* kind = node.find("kind");
    if (!kind) continue;
    std::string list;
    for (size_t i = 0; i < std::min(names.size(), kMaxKnown); ++i) list += (i > 0 ? ", " : "") + names[i];
    if (names.size() > kMaxKnown) list += fmt::format(" and {} more", names.size() - kMaxKnown);
    notes.push_back(fmt::format("{}.kind={} ({}) instead of {} drops {}", path, kind->text, kind->origin.print_line(),
                                node.former_kind->empty() ? "the default" : *node.former_kind, list));
  }
  return notes;
}

std::string section_name(const SectionReading& section) {
  if (section.path.empty()) return "in the spec";
  return section.kind.empty() ? fmt::format("in {}", section.path)
                              : fmt::format("in {} (kind: {})", section.path, section.kind);
}

std::string section_topic(const SectionReading& section) {
  if (!section.topic.empty()) return section.topic;
  return section.kind.empty() ? section.path : fmt::format("{}.{}", section.path, section.kind);
}

void refuse_unknown_keys(Reading& reading, const SectionReading& section) {
  for (const auto& [path, below] : reading.sections)
    if (path == section.path || is_below(path, section.path)) refuse_in_section(reading, *below);
}

void refuse_unknown_overrides(Reading& reading) {
  for (const Override& argument : reading.overrides) {
    if (argument.path.empty() || reading.places.count(argument.path) > 0) continue;
    if (is_of_former_kind(reading.root, argument.path)) continue;  // a later argument chose another kind
    // The deepest declared section, or field, on the way.
    std::string above = parent(argument.path);
    while (!above.empty() && reading.places.count(above) == 0) above = parent(above);
    const auto section = reading.sections.find(above);
    // A value below a field is reported as a value of the wrong type, and a section of unknown kind is not judged.
    if (section == reading.sections.end() || !section->second->judged) continue;
    const std::string below = above.empty() ? argument.path : argument.path.substr(above.size() + 1);
    const std::string name = below.substr(0, below.find('.'));
    const std::string message = fmt::format("no {} {}{}", name == below ? "field" : "section", quote(name),
                                            above.empty() ? "" : " " + section_name(*section->second));
    const std::optional<std::string> nearest = nearest_path(reading, argument.path);
    reading.diagnostics.add(argument.origin, 1, message,
                            nearest ? fmt::format("did you mean '{}'?", *nearest) : known(reading, above),
                            section_topic(*section->second));
  }
}

}  // namespace mlrun::config

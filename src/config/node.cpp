#include "config/node.hpp"

#include <map>
#include <utility>

#include "config/diagnostics.hpp"

namespace mlrun::config {

namespace {

void mark_former(Node& node) {
  node.of_former_kind = true;
  for (Node& child : node.children) mark_former(child);
}

}  // namespace

bool stands_for_default(const Node& node) {
  return node.kind == Node::Kind::kScalar && !node.quoted && node.text == "default";
}

void replace_kind(Node& section, std::string_view kind) {
  const Node* before = section.find("kind");
  if (section.kind != Node::Kind::kMap || (before && before->text == kind)) return;
  if (section.children.size() == (before ? 1 : 0)) return;
  section.former_kind = before ? before->text : "";
  for (Node& child : section.children)
    if (child.key != "kind") mark_former(child);
}

std::string found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return node.text.empty() ? "nothing" : quote(node.text);
    case Node::Kind::kScalar:
      return (node.quoted ? "the quoted text " : "") + quote(node.text);
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "";
}

void merge(Node& base, Node&& over) {
  if (base.kind != Node::Kind::kMap || over.kind != Node::Kind::kMap) {
    base = std::move(over);
    return;
  }
  if (const Node* kind = over.find("kind"); kind && kind->kind == Node::Kind::kScalar) replace_kind(base, kind->text);
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < base.children.size(); ++i) places.emplace(base.children[i].key, i);
  base.of_former_kind = over.of_former_kind;
  base.origin = over.origin;
  base.length = over.length;
  base.key_origin = over.key_origin;
  base.key_length = over.key_length;
  for (Node& child : over.children) {
    const auto place = places.find(child.key);
    if (place == places.end()) base.children.push_back(std::move(child));
    else merge(base.children[place->second], std::move(child));
  }
}

}  // namespace mlrun::config

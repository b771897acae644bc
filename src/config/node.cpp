#include "config/node.hpp"

#include <map>
#include <utility>

#include "config/diagnostics.hpp"

namespace mlrun::config {

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
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < base.children.size(); ++i) places.emplace(base.children[i].key, i);
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

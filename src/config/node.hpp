// The tree of a spec as it was written: text with places, no types. Maps keep their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/origin.hpp"

namespace mlrun::config {

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text = {};  // of a scalar, without quotes; of a null, what stood there; of an argument's list, as given
  bool quoted = false;
  Origin origin = {};  // of the value
  int length = 1;      // characters of the value in its line
  std::string key = {};
  Origin key_origin = {};
  int key_length = 1;
  std::vector<Node> children = {};

  const Node* find(std::string_view name) const {  // of a map
    if (kind != Kind::kMap) return nullptr;
    for (const Node& child : children)
      if (child.key == name) return &child;
    return nullptr;
  }
  Node* find(std::string_view name) { return const_cast<Node*>(static_cast<const Node&>(*this).find(name)); }
};

// What stands at the node, for messages: "'5OO'", "the quoted text '5'", "nothing", "a list", "a map".
std::string found(const Node& node);

// Maps merge, key by key; anything else in `over` replaces what is in `base`.
void merge(Node& base, Node&& over);

}  // namespace mlrun::config

// The tree of a spec as it was written: text with places, no types. Maps keep their order.
#pragma once

#include <optional>
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
  // The section's `kind` was replaced after this key was given: a field of the new kind keeps the value if it may have
  // it, and otherwise the key is dropped, which is no mistake.
  bool of_former_kind = false;
  std::optional<std::string> former_kind = std::nullopt;  // of a section whose kind was replaced; "": the default one

  const Node* find(std::string_view name) const {  // of a map
    if (kind != Kind::kMap) return nullptr;
    for (const Node& child : children)
      if (child.key == name) return &child;
    return nullptr;
  }
  Node* find(std::string_view name) { return const_cast<Node*>(static_cast<const Node&>(*this).find(name)); }
};

// The word `default`, unquoted: the key stands as if nobody had given it.
bool stands_for_default(const Node& node);

// Before the `kind` of a section becomes another one: all other keys of the section are now those of a former kind.
void replace_kind(Node& section, std::string_view kind);

// What stands at the node, for messages: "'5OO'", "the quoted text '5'", "nothing", "a list", "a map".
std::string found(const Node& node);

// Maps merge, key by key; anything else in `over` replaces what is in `base`. Another kind makes the rest of that
// section's keys those of a former kind.
void merge(Node& base, Node&& over);

}  // namespace mlrun::config

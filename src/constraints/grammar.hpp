// A context-free grammar over codes, however it was written: as a regular expression, as EBNF, as a JSON Schema.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "constraints/code_set.hpp"

namespace mlrun::constraints {

using NodeId = int32_t;

struct Node {
  enum class Kind : uint8_t { kCodes, kSequence, kChoice, kRepeat, kRule };
  Kind kind = Kind::kSequence;
  CodeSet codes = {};                 // kCodes: one of these
  std::vector<NodeId> children = {};  // of a sequence (none: nothing at all) or a choice; of a repeat the one
  int64_t least = 0, most = -1;       // of a repeat; -1: no end
  int32_t rule = -1;                  // kRule
};

class Grammar {
 public:
  NodeId codes(CodeSet set);
  NodeId code(int64_t c) { return codes({c, c}); }
  NodeId sequence(std::vector<NodeId> parts);
  NodeId choice(std::vector<NodeId> ways);
  NodeId repeat(NodeId what, int64_t least, int64_t most);
  // `text` as it stands: its bytes, or its code points.
  NodeId literal(std::string_view text, bool bytes);
  NodeId nothing() { return sequence({}); }
  // A rule that may be used before it is defined.
  int32_t rule(const std::string& name);
  NodeId use(int32_t rule);
  void define(int32_t rule, NodeId node) { rules_[static_cast<size_t>(rule)].node = node; }

  struct Rule {
    std::string name;
    NodeId node = -1;  // not defined
  };
  const std::vector<Rule>& rules() const { return rules_; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  int64_t size() const { return static_cast<int64_t>(nodes_.size()); }
  NodeId root = -1;

  // The names of rules that begin with themselves, each with the next, or none: a, b where a begins with b and b with a.
  std::vector<std::string> left_recursion() const;

 private:
  NodeId add(Node node);
  std::vector<Node> nodes_;
  std::vector<Rule> rules_;
};

}  // namespace mlrun::constraints

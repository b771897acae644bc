#include "constraints/grammar.hpp"

#include <cstddef>
#include <functional>
#include <utility>

#include "constraints/characters.hpp"

namespace mlrun::constraints {

NodeId Grammar::add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size()) - 1;
}

NodeId Grammar::codes(CodeSet set) { return add({.kind = Node::Kind::kCodes, .codes = std::move(set)}); }
NodeId Grammar::sequence(std::vector<NodeId> parts) {
  if (parts.size() == 1) return parts[0];
  return add({.kind = Node::Kind::kSequence, .children = std::move(parts)});
}
NodeId Grammar::choice(std::vector<NodeId> ways) {
  if (ways.size() == 1) return ways[0];
  return add({.kind = Node::Kind::kChoice, .children = std::move(ways)});
}
NodeId Grammar::repeat(NodeId what, int64_t least, int64_t most) {
  return add({.kind = Node::Kind::kRepeat, .children = {what}, .least = least, .most = most});
}

NodeId Grammar::literal(std::string_view text, bool bytes) {
  std::vector<NodeId> parts;
  for (size_t at = 0; at < text.size();) parts.push_back(code(next_code(text, at, bytes)));
  return sequence(std::move(parts));
}

int32_t Grammar::rule(const std::string& name) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].name == name) return static_cast<int32_t>(i);
  }
  rules_.push_back({name, -1});
  return static_cast<int32_t>(rules_.size()) - 1;
}

NodeId Grammar::use(int32_t rule) { return add({.kind = Node::Kind::kRule, .rule = rule}); }

std::vector<std::string> Grammar::left_recursion() const {
  const size_t count = rules_.size();
  std::vector<bool> vanishes(count);  // rules that may be nothing at all
  const std::function<bool(NodeId)> empty = [&](NodeId id) {
    const Node& n = node(id);
    switch (n.kind) {
      case Node::Kind::kCodes:
        return false;
      case Node::Kind::kRule:
        return static_cast<bool>(vanishes[static_cast<size_t>(n.rule)]);
      case Node::Kind::kRepeat:
        return n.least == 0 || empty(n.children[0]);
      case Node::Kind::kChoice:
        for (const NodeId c : n.children) {
          if (empty(c)) return true;
        }
        return false;
      case Node::Kind::kSequence:
        for (const NodeId c : n.children) {
          if (!empty(c)) return false;
        }
        return true;
    }
    return false;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t r = 0; r < count; ++r) {
      if (vanishes[r] || !empty(rules_[r].node)) continue;
      vanishes[r] = changed = true;
    }
  }
  // Which rules a node may begin with.
  const std::function<void(NodeId, const std::function<void(int32_t)>&)> begins = [&](NodeId id, const auto& with) {
    const Node& n = node(id);
    if (n.kind == Node::Kind::kRule) return with(n.rule);
    for (const NodeId c : n.children) {
      begins(c, with);
      if (n.kind == Node::Kind::kSequence && !empty(c)) return;
    }
  };
  std::vector<int> seen(count);  // 1: on the path, 2: done
  std::vector<std::string> path, circle;
  const std::function<void(int32_t)> visit = [&](int32_t r) {
    const auto at = static_cast<size_t>(r);
    if (!circle.empty() || seen[at] == 2) return;
    if (seen[at] == 1) {
      size_t from = 0;
      while (path[from] != rules_[at].name) ++from;
      circle.assign(path.begin() + static_cast<std::ptrdiff_t>(from), path.end());
      return;
    }
    seen[at] = 1;
    path.push_back(rules_[at].name);
    begins(rules_[at].node, visit);
    path.pop_back();
    seen[at] = 2;
  };
  for (size_t r = 0; r < count; ++r) visit(static_cast<int32_t>(r));
  return circle;
}

}  // namespace mlrun::constraints

#include "constraints/automaton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "constraints/characters.hpp"

namespace mlrun::constraints {

Automaton::Automaton(Grammar grammar, const std::vector<int64_t>& codes, int64_t room, const std::string& name)
    : grammar_(std::move(grammar)), alphabet_(static_cast<int64_t>(codes.size())) {
  std::string unknown;  // characters that the pattern names and the symbols have not
  for (NodeId id = 0; id < grammar_.size(); ++id) {
    const Node& node = grammar_.node(id);
    may_be_.emplace_back();
    if (node.kind != Node::Kind::kCodes) continue;
    bool any = false;
    for (const int64_t code : codes) {
      may_be_.back().push_back(node.codes.has(code) ? 1 : 0);
      any = any || node.codes.has(code);
    }
    if (!any && node.codes.single() >= 0 && unknown.empty()) unknown = constraints::text_of(node.codes.single());
  }
  find_least_of_nodes();
  Stacks first;
  std::map<int32_t, bool> seen;
  if (least_of_nodes_[static_cast<size_t>(grammar_.root)] < kNone) open(frame(grammar_.root, 0, kEnd), seen, first);
  state_of(std::move(first));
  if (least_of(0) >= kNone) {
    fail(ExitCode::kUsage, "{}: no text of the characters that this model knows is of it{}", name,
         unknown.empty()
             ? ""
             : fmt::format("; '{}' is none of them\n  a pattern of the characters of its training text   --match REGEX",
                           unknown));
  }
  if (least_of(0) > room) {
    fail(ExitCode::kUsage,
         "{}: the shortest text of it has {} characters, and there is room for {}\n  longer samples   --length {}",
         name, least_of(0), room, least_of(0));
  }
}

int64_t Automaton::least_of_node(NodeId id, int64_t times) const {
  const Node& node = grammar_.node(id);
  const auto known = [&](NodeId child) { return least_of_nodes_[static_cast<size_t>(child)]; };
  int64_t least = 0;
  switch (node.kind) {
    case Node::Kind::kCodes: {
      const auto& may = may_be_[static_cast<size_t>(id)];
      return std::find(may.begin(), may.end(), 1) == may.end() ? kNone : 1;
    }
    case Node::Kind::kSequence:
      for (const NodeId c : node.children) least = std::min(kNone, least + known(c));
      return least;
    case Node::Kind::kChoice:
      least = kNone;
      for (const NodeId c : node.children) least = std::min(least, known(c));
      return least;
    case Node::Kind::kRepeat: {
      const int64_t left = std::max<int64_t>(0, node.least - times), each = known(node.children[0]);
      return left == 0 || each == 0 ? 0 : each >= kNone / left ? kNone : left * each;
    }
    case Node::Kind::kRule:
      return least_of_rules_[static_cast<size_t>(node.rule)];
  }
  return kNone;
}

// A fixed point: all lengths begin as kNone, that of what cannot be, and fall until none of them changes.
void Automaton::find_least_of_nodes() {
  least_of_nodes_.assign(static_cast<size_t>(grammar_.size()), kNone);
  least_of_rules_.assign(grammar_.rules().size(), kNone);
  for (bool changed = true; changed;) {
    changed = false;
    const auto lower = [&](int64_t& to, int64_t least) {
      changed = changed || least < to;
      to = std::min(to, least);
    };
    for (NodeId id = 0; id < grammar_.size(); ++id)
      lower(least_of_nodes_[static_cast<size_t>(id)], least_of_node(id, 0));
    for (size_t r = 0; r < least_of_rules_.size(); ++r)
      lower(least_of_rules_[r], least_of_nodes_[static_cast<size_t>(grammar_.rules()[r].node)]);
  }
}

int32_t Automaton::frame(NodeId node, int64_t times, int32_t behind) const {
  const auto key = std::make_tuple(node, times, behind);
  if (const auto found = known_frames_.find(key); found != known_frames_.end()) return found->second;
  const int64_t rest = behind == kEnd ? 0 : frames_[static_cast<size_t>(behind)].least;
  frames_.push_back({node, times, behind, std::min(kNone, rest + least_of_node(node, times))});
  return known_frames_[key] = static_cast<int32_t>(frames_.size()) - 1;
}

// Expands a stack until symbols are on top: adds all stacks that it stands for, but none that cannot reach an end.
void Automaton::open(int32_t top, std::map<int32_t, bool>& seen, Stacks& to) const {
  if (top == kEnd) {
    to.complete = true;
    to.least = 0;
    return;
  }
  const Frame at = frames_[static_cast<size_t>(top)];
  if (at.least >= kNone || !seen.emplace(top, true).second) return;
  const Node& node = grammar_.node(at.node);
  switch (node.kind) {
    case Node::Kind::kCodes:
      to.frames.push_back(top);
      to.least = std::min(to.least, at.least);
      return;
    case Node::Kind::kSequence: {
      int32_t stack = at.behind;
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) stack = frame(*child, 0, stack);
      return open(stack, seen, to);
    }
    case Node::Kind::kChoice:
      for (const NodeId child : node.children) open(frame(child, 0, at.behind), seen, to);
      return;
    case Node::Kind::kRepeat: {
      if (at.times >= node.least) open(at.behind, seen, to);
      if (node.most >= 0 && at.times >= node.most) return;
      const int64_t times = node.most < 0 ? std::min(at.times + 1, node.least) : at.times + 1;
      return open(frame(node.children[0], 0, frame(at.node, times, at.behind)), seen, to);
    }
    case Node::Kind::kRule:
      return open(frame(grammar_.rules()[static_cast<size_t>(node.rule)].node, 0, at.behind), seen, to);
  }
}

Constraint::State Automaton::state_of(Stacks stacks) const {
  std::sort(stacks.frames.begin(), stacks.frames.end());
  const auto key = std::make_pair(stacks.frames, stacks.complete);
  if (const auto found = known_states_.find(key); found != known_states_.end()) return found->second;
  states_.push_back(std::move(stacks));
  return known_states_[key] = static_cast<State>(states_.size()) - 1;
}

// Symbols that the same stacks take lead to the same state.
void Automaton::find_after(State state) const {
  if (!states_[static_cast<size_t>(state)].after.empty()) return;
  const std::vector<int32_t> frames = states_[static_cast<size_t>(state)].frames;
  std::vector<State> after(static_cast<size_t>(alphabet_), kNowhere);
  std::map<std::vector<int32_t>, State> by_stacks;
  for (size_t symbol = 0; symbol < after.size(); ++symbol) {
    std::vector<int32_t> takers;
    for (const int32_t f : frames) {
      if (may_be_[static_cast<size_t>(frames_[static_cast<size_t>(f)].node)][symbol] != 0) takers.push_back(f);
    }
    if (takers.empty()) continue;
    const auto [known, fresh] = by_stacks.emplace(takers, kUnknown);
    if (fresh) {
      Stacks stacks;
      std::map<int32_t, bool> seen;
      for (const int32_t f : takers) open(frames_[static_cast<size_t>(f)].behind, seen, stacks);
      known->second = state_of(std::move(stacks));
    }
    after[symbol] = known->second;
  }
  states_[static_cast<size_t>(state)].after = std::move(after);
}

int64_t Automaton::least_of(State state) const { return states_[static_cast<size_t>(state)].least; }

void Automaton::next(State state, int64_t left, std::vector<Next>& symbols) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  find_after(state);
  const Stacks& here = states_[static_cast<size_t>(state)];
  symbols.resize(here.after.size());
  for (size_t s = 0; s < symbols.size(); ++s) {
    const State to = here.after[s];
    if (to == kNowhere) symbols[s] = here.complete ? Next::kEnds : Next::kNever;
    else symbols[s] = least_of(to) <= left - 1 ? Next::kGoesOn : Next::kNever;
  }
}

Constraint::State Automaton::after(State state, int32_t symbol) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  find_after(state);
  const State to = states_[static_cast<size_t>(state)].after[static_cast<size_t>(symbol)];
  require(to >= 0, "symbol {} that the constraint does not allow", symbol);
  return to;
}

int64_t Automaton::least() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return least_of(0);
}

bool Automaton::may_end(State state) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return states_[static_cast<size_t>(state)].complete;
}

}  // namespace mlrun::constraints

// A grammar as an automaton over symbols, whose states are made when a sample first reaches them. A state is a set of
// stacks, one for each way to read the symbols so far, and a stack holds what has still to come. For a regular expression
// this is the subset construction; for a grammar whose rules nest, states are sets of a pushdown automaton's stacks.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "constraints/constraint.hpp"
#include "constraints/grammar.hpp"

namespace mlrun::constraints {

class Automaton : public Constraint {
 public:
  // Symbol s stands for the code codes[s]. The grammar has no left recursion. Error(kUsage), which calls the grammar
  // `name`, where no sequence of at most `room` of these symbols belongs to it.
  Automaton(Grammar grammar, const std::vector<int64_t>& codes, int64_t room, const std::string& name);

  State start() const override { return 0; }
  void next(State state, int64_t left, std::vector<Next>& symbols) const override;
  State after(State state, int32_t symbol) const override;
  bool may_end(State state) const override;
  int64_t least() const override;

 private:
  static constexpr int64_t kNone = int64_t{1} << 40;  // the length of what cannot be
  static constexpr int32_t kEnd = -1;                 // the empty stack
  static constexpr State kUnknown = -2, kNowhere = -1;

  // The top of a stack: a node (of a repeat, after so many times), and what comes behind it.
  struct Frame {
    NodeId node;
    int64_t times;
    int32_t behind;
    int64_t least;  // symbols of the shortest way to the end
  };
  struct Stacks {
    std::vector<int32_t> frames;  // whose tops are symbols, ascending
    bool complete = false;
    int64_t least = kNone;
    std::vector<State> after;  // by symbol; empty: not yet known
  };

  int64_t least_of(State state) const;
  void find_least_of_nodes();
  int64_t least_of_node(NodeId id, int64_t times) const;
  int32_t frame(NodeId node, int64_t times, int32_t behind) const;
  void open(int32_t frame, std::map<int32_t, bool>& seen, Stacks& to) const;
  State state_of(Stacks stacks) const;
  void find_after(State state) const;

  Grammar grammar_;
  int64_t alphabet_;
  std::vector<std::vector<uint8_t>> may_be_;  // of nodes of codes: each symbol
  std::vector<int64_t> least_of_nodes_, least_of_rules_;

  mutable std::mutex mutex_;  // of what is below, which grows
  mutable std::deque<Frame> frames_;
  mutable std::map<std::tuple<NodeId, int64_t, int32_t>, int32_t> known_frames_;
  mutable std::deque<Stacks> states_;
  mutable std::map<std::pair<std::vector<int32_t>, bool>, State> known_states_;
};

}  // namespace mlrun::constraints

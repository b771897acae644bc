// The lanes of a process in turns: some of them at a time, each turn's gradients folded before the next one begins, so
// that a step of many lanes keeps few arenas of gradients (train.accumulate).
//
// The tree of base/lanes.hpp is walked from the left. A block of no more lanes than a turn has is a turn; a larger one is
// its left half, then its right half, then their sum. What is summed, and in which order, is the tree's either way, so
// that turns change no bit.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/lanes.hpp"

namespace mlrun {

class LaneTurns {
 public:
  // `own` of the run's `lanes` lanes, in about `turns` turns.
  LaneTurns(int64_t lanes, const Range& own, int64_t turns);

  // How many arenas of gradients are held at a time.
  size_t arenas() const { return arenas_; }
  // Where the sums of this process's blocks of the tree are at the end: of each own lane its arena, and kFolded where it
  // was added to that of a lane before it.
  static constexpr size_t kFolded = static_cast<size_t>(-1);
  const std::vector<size_t>& arena_of_lane() const { return arena_of_lane_; }

  // One step: `compute` fills the arenas from `first` on with the gradients of `lanes` (of the run), one each; `fold`
  // adds up the arenas [first, first + count), as a block of the tree, into the first of them.
  using Compute = std::function<void(const Range& lanes, size_t first)>;
  using Fold = std::function<void(size_t first, size_t count)>;
  void step(const Compute& compute, const Fold& fold) const;

 private:
  struct Task {
    Range lanes;  // to compute; empty: two arenas to add
    size_t first, fold;
  };
  void plan(const Range& node);
  void plan_block(const Range& node, size_t first);
  int64_t at_once_;
  Range own_;
  std::vector<Task> tasks_;
  std::vector<size_t> arena_of_lane_;
  size_t blocks_ = 0, arenas_ = 0;
};

}  // namespace mlrun

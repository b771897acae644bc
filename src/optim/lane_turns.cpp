#include "optim/lane_turns.hpp"

#include <algorithm>

namespace mlrun {

LaneTurns::LaneTurns(int64_t lanes, const Range& own, int64_t turns)
    : at_once_(std::max<int64_t>(1, (own.size() + turns - 1) / turns)),
      own_(own),
      arena_of_lane_(static_cast<size_t>(own.size()), kFolded) {
  if (own.size() == 0) return;
  if (turns > 1) {
    plan({0, lanes});
    return;
  }
  // All at once: whoever folds them next takes them as they are.
  tasks_.push_back({own, 0, 1});
  arenas_ = arena_of_lane_.size();
  for (size_t lane = 0; lane < arenas_; ++lane) arena_of_lane_[lane] = lane;
}

// A node of which this process owns all lanes is a block.
void LaneTurns::plan(const Range& node) {
  if (node.end <= own_.begin || node.begin >= own_.end) return;
  if (node.begin >= own_.begin && node.end <= own_.end) {
    arena_of_lane_[static_cast<size_t>(node.begin - own_.begin)] = blocks_;
    plan_block(node, blocks_++);
    return;
  }
  const auto left = static_cast<int64_t>(left_lanes(static_cast<size_t>(node.size())));
  plan({node.begin, node.begin + left});
  plan({node.begin + left, node.end});
}

void LaneTurns::plan_block(const Range& node, size_t first) {
  const auto count = static_cast<size_t>(node.size());
  if (node.size() <= at_once_) {
    tasks_.push_back({node, first, count});
    arenas_ = std::max(arenas_, first + count);
    return;
  }
  const auto left = static_cast<int64_t>(left_lanes(count));
  plan_block({node.begin, node.begin + left}, first);
  plan_block({node.begin + left, node.end}, first + 1);
  tasks_.push_back({{}, first, 2});
}

void LaneTurns::step(const Compute& compute, const Fold& fold) const {
  for (const Task& task : tasks_) {
    if (task.lanes.size() > 0) compute(task.lanes, task.first);
    if (task.fold > 1) fold(task.first, task.fold);
  }
}

}  // namespace mlrun

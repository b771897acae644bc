// Lanes that are shared out to ranks, contiguous lanes to each.
//
// A rank folds every block of the tree that is all its own (base/lanes.hpp). Of each such sum it sends to rank q the part
// that q's share of the arena covers (reduce-scatter), and folds, for its own share, the blocks of all up the same tree.
// Where lanes and ranks are powers of two a rank has one block, so it sends (R - 1) / R of its gradients a step.
#pragma once

#include <vector>

#include "optim/reducer.hpp"

namespace mlrun {

class RankReducer : public Reducer {
 public:
  // `lanes` >= ranks.size(). Error(kUsage) otherwise, with the setting that gives each rank a lane.
  RankReducer(Ranks& ranks, int64_t lanes);

  Ranks& ranks() override { return ranks_; }
  void fold(const std::vector<float*>& lanes, const FoldPlan& plan, std::span<double> squares, LanePool& pool) override;
  LaneSums sum(const std::vector<LaneSums>& lanes) override;
  const std::vector<Statistics>& gather(const std::vector<Statistics>& lanes) override;
  LocalSight agree(const LocalSight& own) override;

 private:
  struct Block {  // of lanes, all of one rank
    Range lanes;
    int rank;
  };
  void find_blocks(const Range& node);
  void exchange_blocks(const std::vector<float*>& lanes, const std::vector<Range>& numbers);

  Ranks& ranks_;
  int64_t lanes_;
  std::vector<Range> shares_;  // of lanes, by rank
  std::vector<Block> blocks_;  // in the order of their lanes
  std::vector<float> received_;
  std::vector<float*> block_sums_;  // of each block, this rank's share of the arena
  std::vector<Statistics> statistics_;
};

}  // namespace mlrun

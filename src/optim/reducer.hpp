// Where what the lanes of a step found becomes one answer for all, and where decisions that one process makes by its
// own clock or by its own signals become decisions of the run.
//
// Lanes that are all in this process meet in memory. Ranks that each own a contiguous share of the lanes fold their own
// blocks of the tree (base/lanes.hpp), exchange these and finish the same tree, to the same bits. Every rank calls the
// same functions in the same order.
#pragma once

#include <span>
#include <vector>

#include "base/lanes.hpp"
#include "nn/parameters.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

// What a lane found in a training step, nats, summed over its examples.
struct LaneSums {
  double loss = 0, nll = 0;
};

// What a process sees for itself, and others that train the same run may see otherwise.
struct LocalSight {
  int signal = 0;               // that asks for a stop; 0: none
  bool save_requested = false;  // a checkpoint was asked for
  bool broken_off = false;      // an evaluation was not finished
  double seconds = 0;           // of training so far
  double cpu_seconds = 0;       // of its threads so far
  int64_t bytes_sent = 0;       // to other ranks so far
};

// What is folded: `runs` are ranges of an arena, each a unit of the norm's sum; `pieces` are ranges of runs, each a unit
// of work for a thread; `shares` are ranges of pieces, one for each rank, in order and without gaps.
struct FoldPlan {
  std::span<const Range> runs, pieces, shares;
};

class Reducer {
 public:
  virtual ~Reducer() = default;

  // Who takes part.
  virtual Ranks& ranks() { return one_rank(); }
  // Of `lanes` of the run, those that are this process's.
  Range own_lanes(int64_t lanes) { return slice(lanes, ranks().size(), ranks().rank()); }

  // lanes: the gradient arenas of this process's lanes; or, of a block of the tree that is folded already, its sum as
  // that of its first lane, and null for the others. Of a lane's block either all lanes are folded or none. Afterwards lanes[0][i] is the sum over all lanes of the run,
  // for every i of the runs of this rank's share, and squares[r] the sum over runs[r] of the squares of that sum
  // (kernels::fold_gradients), for every run.
  virtual void fold(const std::vector<float*>& lanes, const FoldPlan& plan, std::span<double> squares,
                    LanePool& pool) = 0;
  // The sum over all lanes, by the tree.
  virtual LaneSums sum(const std::vector<LaneSums>& lanes) = 0;
  // The statistics of all lanes, in their order, from those of this process's lanes.
  virtual const std::vector<Statistics>& gather(const std::vector<Statistics>& lanes) = 0;
  // What all go by: a signal that any has seen, a request or a broken-off evaluation of any, the clock of the first, the
  // CPU seconds and the bytes of all. A loop decides by nothing else that processes could see differently.
  virtual LocalSight agree(const LocalSight& own) = 0;
};

// All lanes are in this process.
Reducer& in_process_reducer();

}  // namespace mlrun

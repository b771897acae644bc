// Lanes: the unit of parallelism and of reproducibility.
//
// Work is cut into a number of lanes that the spec records. Each lane runs on one thread with single-threaded kernels,
// and what lanes found is folded by one fixed binary tree, so answers depend on the lane count and never on the number
// of threads. Everything that is summed over lanes is summed by this tree: gradients, losses and the statistics of
// states.
//
//   of 7 lanes    0     1     2     3     4     5     6
//                  \   /       \   /       \   /      /
//                  0-1         2-3         4-5       /
//                     \       /               \     /
//                        0-3                    4-6
//                             \              /
//                                    0-6
//
// A node stands for a block of lanes, [k 2^j, (k + 1) 2^j) as far as there are lanes: its left child is the lower
// 2^(j-1) of them, its right child the others, and a node without others is its left child. Which blocks there are, and
// what a block below the last one sums to, does not depend on how many lanes follow.
//
// Ranks that each own a contiguous share of the lanes may rely on this: any share of n lanes is a union of at most
// 2 log2(n) blocks, so a rank folds its blocks alone, and whoever has the sums of all blocks folds them up the same
// tree to the same bits. Where lanes and ranks are powers of two, and ranks no more than lanes, a share is one block.
#pragma once

#include <atomic>
#include <bit>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mlrun {

constexpr int64_t kMostLanes = 256;  // that a spec may ask for

struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// The slice of [0, total) that part `index` of `parts` owns: contiguous, in order, sizes differing by at most one.
Range slice(int64_t total, int64_t parts, int64_t index);

// Of a block of `count` >= 2 lanes: how many the left half of the tree has, the largest power of two below count.
constexpr size_t left_lanes(size_t count) { return std::bit_floor(count - 1); }

// The tree over `count` >= 1 lanes from `first`: add(left, right) of its halves, and leaf(lane) of a single one.
template <class Leaf, class Add>
auto fold_lanes(size_t count, const Leaf& leaf, const Add& add, size_t first = 0) -> decltype(leaf(first)) {
  if (count == 1) return leaf(first);
  const size_t left = left_lanes(count);
  return add(fold_lanes(left, leaf, add, first), fold_lanes(count - left, leaf, add, first + left));
}

// Threads for so many lanes: `wanted` (0: as many as the affinity mask has cores), never more than lanes.
int threads_for(int64_t lanes, int wanted);

// Threads that sleep while there is nothing to do. They look out for some ten microseconds first, since a step is three
// short calls in a row and waking takes longer than the pause between them; more would be a busy wait, and two runs may
// share a machine.
class LanePool {
 public:
  explicit LanePool(int threads);  // threads >= 1; the caller's thread is one of them
  ~LanePool();
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }
  // Calls body(0) ... body(count - 1), each once, on any of the threads; returns when all are done. If any threw, the
  // exception of the lowest index is rethrown. Not reentrant.
  void run(int64_t count, const std::function<void(int64_t)>& body);

 private:
  void work(int64_t generation);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int64_t)>* body_ = nullptr;
  int64_t count_ = 0, next_ = 0;
  std::atomic<int64_t> unfinished_ = 0, generation_ = 0;  // changed under the mutex
  int64_t failed_index_ = 0;
  std::exception_ptr failure_;
  std::atomic<bool> stop_ = false;
};

}  // namespace mlrun

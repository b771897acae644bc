// Lanes: the unit of parallelism and of reproducibility.
//
// Work is cut into a number of lanes that the spec records. Each lane runs on one thread with single-threaded kernels,
// and results are folded in lane order, so answers depend on the lane count and never on the number of threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mlrun {

struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// The slice of [0, total) that part `index` of `parts` owns: contiguous, in order, sizes differing by at most one.
Range slice(int64_t total, int64_t parts, int64_t index);

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

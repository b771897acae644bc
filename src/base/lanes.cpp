#include "base/lanes.hpp"

#include <algorithm>

#include "base/cpu.hpp"
#include "base/error.hpp"

namespace mlrun {

namespace {

// Looks for a moment whether `ready` comes true.
template <class Ready>
void look_out(Ready ready) {
  for (int i = 0; i < 1000 && !ready(); ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

}  // namespace

int threads_for(int64_t lanes, int wanted) {
  const auto cores = static_cast<int64_t>(affinity_cores().size());
  return static_cast<int>(std::max<int64_t>(1, std::min(lanes, wanted > 0 ? wanted : cores)));
}

Range slice(int64_t total, int64_t parts, int64_t index) {
  return {total * index / parts, total * (index + 1) / parts};
}

LanePool::LanePool(int threads) {
  require(threads >= 1, "a lane pool needs a thread, not {}", threads);
  prepare_thread();
  for (int i = 1; i < threads; ++i) {
    workers_.emplace_back([this] {
      prepare_thread();
      int64_t seen = 0;
      for (;;) {
        look_out([&] { return stop_ || generation_ != seen; });
        {
          std::unique_lock lock(mutex_);
          start_.wait(lock, [&] { return stop_ || generation_ != seen; });
          if (stop_) return;
          seen = generation_;
        }
        work(seen);
      }
    });
  }
}

LanePool::~LanePool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void LanePool::work(int64_t generation) {
  std::unique_lock lock(mutex_);
  while (generation_ == generation && next_ < count_) {
    const int64_t index = next_++;
    const auto* body = body_;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      (*body)(index);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    if (thrown && (!failure_ || index < failed_index_)) {
      failure_ = thrown;
      failed_index_ = index;
    }
    if (--unfinished_ == 0) done_.notify_all();
  }
}

void LanePool::run(int64_t count, const std::function<void(int64_t)>& body) {
  if (count <= 0) return;
  int64_t generation;
  {
    const std::lock_guard lock(mutex_);
    require(unfinished_ == 0, "LanePool::run called from inside a lane");
    body_ = &body;
    count_ = count;
    unfinished_ = count;
    next_ = 0;
    failure_ = nullptr;
    generation = ++generation_;
  }
  if (count > 1) start_.notify_all();
  work(generation);
  look_out([&] { return unfinished_ == 0; });
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return unfinished_ == 0; });
  body_ = nullptr;
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace mlrun

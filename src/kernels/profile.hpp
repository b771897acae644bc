// Opt-in accounting of kernels, for `mlrun profile`. Off, a Scope costs one relaxed load.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mlrun::kernels::profile {

struct Entry {
  std::string name;  // "matmul"
  std::string impl;  // oneDNN's impl_info_str(), or "own"
  int64_t calls = 0;
  double seconds = 0;  // summed over threads; a scope inside another counts for the inner one only
  double flops = 0;
  double bytes = 0;
};

void start();                  // forgets what was counted before
void stop();                   // scopes that are still open do not count
std::vector<Entry> entries();  // most seconds first, then by name and impl

namespace detail {
inline std::atomic<bool> running{false};
}

// Counts from construction to destruction. `name` and `impl` must outlive the process's last call of entries().
class Scope {
 public:
  Scope(const char* name, const char* impl, double flops, double bytes) {
    if (detail::running.load(std::memory_order_relaxed)) begin(name, impl, flops, bytes);
  }
  ~Scope() {
    if (name_) end();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  void begin(const char* name, const char* impl, double flops, double bytes);
  void end();

  const char* name_ = nullptr;
  const char* impl_ = nullptr;
  double flops_ = 0, bytes_ = 0, inner_seconds_ = 0;
  Scope* outer_ = nullptr;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace mlrun::kernels::profile

#include "kernels/profile.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace mlrun::kernels::profile {
namespace {

struct Table {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, Entry> entries;
};

Table& table() {
  static Table t;
  return t;
}

thread_local Scope* innermost = nullptr;

}  // namespace

void start() {
  const std::lock_guard lock(table().mutex);
  table().entries.clear();
  detail::running = true;
}

void stop() { detail::running = false; }

std::vector<Entry> entries() {
  std::vector<Entry> all;
  {
    const std::lock_guard lock(table().mutex);
    for (const auto& [key, entry] : table().entries) all.push_back(entry);
  }
  std::stable_sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.seconds > b.seconds; });
  return all;
}

void Scope::begin(const char* name, const char* impl, double flops, double bytes) {
  name_ = name;
  impl_ = impl;
  flops_ = flops;
  bytes_ = bytes;
  outer_ = std::exchange(innermost, this);
  start_ = std::chrono::steady_clock::now();
}

void Scope::end() {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  innermost = outer_;
  if (outer_) outer_->inner_seconds_ += seconds;
  if (!detail::running.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(table().mutex);
  Entry& entry = table().entries[{name_, impl_}];
  if (entry.calls == 0) entry.name = name_, entry.impl = impl_;
  ++entry.calls;
  entry.seconds += seconds - inner_seconds_;
  entry.flops += flops_;
  entry.bytes += bytes_;
}

}  // namespace mlrun::kernels::profile

#include "generate/proposer.hpp"

#include <algorithm>
#include <cstddef>

namespace mlrun {

void Follower::mark() {
  cursor_.mark();
  marked_ = seen_.size();
}

std::vector<int32_t> Follower::missing(const std::vector<int32_t>& sample) {
  const size_t both = std::min(seen_.size(), sample.size());
  size_t right = std::min(marked_, both);
  while (right < both && seen_[right] == sample[right]) ++right;
  if (right < seen_.size()) {
    cursor_.rewind(static_cast<int64_t>(right - marked_));
    seen_.resize(right);
  }
  return {sample.begin() + static_cast<std::ptrdiff_t>(right), sample.end()};
}

void Follower::go(const std::vector<int32_t>& symbols, float* out) {
  cursor_.extend(symbols.data(), static_cast<int64_t>(symbols.size()), out);
  seen_.insert(seen_.end(), symbols.begin(), symbols.end());
}

int64_t DraftModel::stand_behind(const std::vector<int32_t>& sample, int64_t) {
  follower_.go(follower_.missing(sample), nullptr);
  follower_.mark();
  return kMostProposed;
}

// Where the model has seen all, it says itself what comes next.
int64_t OwnHeads::stand_behind(const std::vector<int32_t>& sample, int64_t unseen) {
  if (unseen == 0) return 0;
  k_ = 1;
  symbol_ = sample.back();
  return heads_;
}

}  // namespace mlrun

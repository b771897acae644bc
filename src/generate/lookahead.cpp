#include "generate/lookahead.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {

void Lookahead::begin() {
  made_ = 0;
  stay_ = 1;
  symbols_ = 0;
}

bool Lookahead::goes_on(double q) {
  if (fixed_ > 0) return ++made_ < fixed_;
  const double halvings = -std::log2(std::max(1 - q, 1e-9));  // of the probability that it is another symbol
  const auto sure = std::min(counts_.size() - 1, static_cast<size_t>(halvings));
  sure_[static_cast<size_t>(made_++)] = static_cast<uint8_t>(sure);
  symbols_ += stay_;
  stay_ *= counts_[sure].stayed / counts_[sure].all;
  const double each = kRow + draft_cost_;
  return made_ < kMost && stay_ * (kLook + each * static_cast<double>(made_)) > symbols_ * each;
}

void Lookahead::judged(int64_t proposal, bool stayed) {
  if (fixed_ > 0) return;
  Count& count = counts_[sure_[static_cast<size_t>(proposal)]];
  count.stayed += stayed ? 1 : 0;
  count.all += 1;
}

}  // namespace mlrun

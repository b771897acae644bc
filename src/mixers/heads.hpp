// Heads: equal parts of a mixer's channels, each with a state of its own.
#pragma once

#include <cstdint>
#include <string>

namespace mlrun {

// Channels of each of `heads` heads. Error(kUsage), naming the nearest number of heads that works, where they do not
// divide `channels` into parts of a multiple of `multiple`.
int64_t head_size(const std::string& kind, int64_t channels, int64_t heads, int64_t multiple = 1);

}  // namespace mlrun

// Rules by which encodings of distances tell them apart (mixers/positions/biases.cpp has the papers).
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun {

// 2^(-8 i / heads) for i = 1 .. heads, where heads are a power of 2.
std::vector<double> alibi_slopes(int64_t heads);
// The bucket of a distance >= 0: itself below buckets / 2, then logarithmic, and the last from max_distance on.
int64_t t5_bucket(int64_t distance, int64_t buckets, int64_t max_distance);

}  // namespace mlrun

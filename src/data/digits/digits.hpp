// The data sets of the program's own handwriting.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "data/binarization.hpp"
#include "data/content.hpp"
#include "data/dataset.hpp"

namespace mlrun {

inline constexpr std::array<int64_t, 3> kDigitRows = {50000, 10000, 10000};  // by Split

// 50,000 / 10,000 / 10,000 grey images of 28 x 28 with labels 0 .. 9: the same bits on every machine, half a second.
DataContent write_all_digits();

// What `write` makes, binarized where that is done once and for all; from the cache where it is there. The key's number
// in `cache_key`, "1", goes up when the handwriting changes.
DataContent handwritten(const std::string& name, const std::string& cache_key, DataContent (*write)(),
                        Binarization binarization, const DataSources& sources);

}  // namespace mlrun

// One set of rows dealt out to the three splits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/content.hpp"

namespace mlrun {

// Shares of the three splits, as `split: [0.8, 0.1, 0.1]` of a spec gives them; empty: none given.
std::vector<double> read_split(config::Reader& spec, const std::string& help);

// All rows are in the training part: deals them and their labels out by a permutation that the seed fixes, in their
// order, and says which of the rows each split got. Error(kData) naming `file` where a split would have no row.
// `folder`: of SymbolTableBuilder.
std::array<std::vector<int64_t>, 3> deal_out(DataContent& content, const std::vector<double>& shares, uint64_t seed,
                                             const std::string& file, const std::string& folder = "");

std::string split_words(const std::vector<double>& shares, uint64_t seed);  // "split 0.8/0.1/0.1 (seed 1)"

}  // namespace mlrun

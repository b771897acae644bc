// What was understood of a spec's data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "commands/near_duplicates.hpp"
#include "data/dataset.hpp"
#include "io/image.hpp"

namespace mlrun {

struct SplitDescription {
  int64_t rows = 0;
  std::vector<int64_t> of_class;  // rows of each class; empty where there are no labels
  double mean = 0;                // of symbols, as a share of the largest: the fraction of ones of binary data
  int64_t repeated = 0;           // rows that stand in the split before
  int64_t of_train = 0;           // rows of valid and test that the training split has too
};

struct DataDescription {
  std::string description, protocol, hash;
  DataSpec spec;
  DataNames names;
  bool of_text = false;                    // symbols stand for characters, which have no level
  std::array<SplitDescription, 3> splits;  // by Split
  NearDuplicates near;                     // of rows that are equal to none of the training split
  std::vector<io::Image> pictures;  // of some training rows (data/shown_rows.hpp); empty where they are no images
  std::vector<std::string> rows;    // these rows as text where they are none, or have captions
};

// `most` rows are drawn. Rows are compared as they are in epoch 0.
DataDescription describe_data(const Dataset& data, int64_t most);

}  // namespace mlrun

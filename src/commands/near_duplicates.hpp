// Rows of one split that are nearly rows of the training split: what was drawn, scanned or saved twice leaks into the
// test set without being equal.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace mlrun {

// What is called near, and what of the training split was looked at.
struct NearDuplicates {
  static constexpr double kLeastCorrelation = 0.99;
  int64_t most_differing = 0;    // symbols: one in a hundred, at least one; 0: rows are too short to be nearly equal
  bool black_and_white = false;  // grey images: by which pixels are brighter than their image's mean, and correlation
  int64_t train_rows = 0;        // that rows were compared with
  struct OfSplit {
    int64_t rows = 0;  // that were compared
    int64_t near = 0;  // of these, those that are near to a training row, and equal to none
    int64_t cut = 0;   // of these, those that had more candidates than were compared, and were near to none of them
  };
  OfSplit valid, test;
};

// `equal_to_train` has for each row of a split, by Split, whether the training split has it too. Rows are compared as
// they are in epoch 0; where there are very many of them, some at even distances.
//
// Positions are dealt to d + 1 bands. Rows that differ in at most d symbols agree in at least one band entirely, so only
// rows with an equal band are compared, and none is missed (the pigeonhole principle; Manku, Jain & Das Sarma 2007).
NearDuplicates near_duplicates(const Dataset& data, const std::array<std::vector<char>, 3>& equal_to_train);

}  // namespace mlrun

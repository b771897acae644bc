// Grey images as an array of numbers in one file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/table_source.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

struct ImageArray {
  Shape shape;                                 // rows, columns
  std::vector<std::vector<uint8_t>> pictures;  // grey levels, row by row
  bool black_and_white = false;                // all numbers are 0 or 1
  bool rounded = false;                        // levels 0 .. 255 that were not whole
};

// An array [N, rows, columns], or [N, rows * columns] given `shape`, of a .npy file or an HDF5 dataset, or lines of
// text. Numbers are levels 0 .. 255, or 0 .. 1 where none is larger: then level 255 is 1. Error(kData) naming file and place
// of a number that is neither, and a shape that fits no image. `folder`: of io::read_maybe_gzip.
ImageArray read_image_array(const TableSource& source, const std::optional<Shape>& shape, const std::string& folder);

}  // namespace mlrun

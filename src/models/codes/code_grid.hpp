// The grids of codes that strides leave of an image, one for each level (VQ-VAE-2: Razavi, van den Oord & Vinyals
// 2019), the coarsest first. Images whose sides are no multiples of the strides' product are padded with zeros, and
// what is decoded is cut to size.
#pragma once

#include <vector>

#include "autograd/tape.hpp"
#include "nn/parameters.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

struct CodeGrid {
  // Of the last `level_count` strides of a stack, each leaves a level.
  CodeGrid(const std::vector<int64_t>& strides, int64_t level_count, const DataSpec& data);

  struct Level {
    int64_t rows, columns;
    int64_t to_finer;  // stride between this level and the next finer one, or what comes after the finest
  };
  std::vector<Level> levels;                                   // the coarsest first
  int64_t image_height, image_width;                           // of the data
  int64_t height, width;                                       // of padded images
  int64_t top() const { return (height - image_height) / 2; }  // padding above and to the left
  int64_t left() const { return (width - image_width) / 2; }

  int64_t level_count() const { return static_cast<int64_t>(levels.size()); }
  int64_t positions() const;  // of all levels
  // Codes as an image for a prior, `symbols` at each position. Of several levels it is as wide as the coarsest: row by
  // row comes first that level, then the next finer one, its rows cut to that width.
  Shape shape(int64_t symbols) const;
  // The position, among all levels', of the finest level's code that stands for a pixel of the data.
  int64_t position_of_pixel(int64_t row, int64_t column) const;

  // One row for each position, images one after the other and in each the levels: [n positions(), d], from and to maps
  // [n, rows, columns, d] of the levels.
  Variable joined(const std::vector<Variable>& maps) const;
  std::vector<Variable> split(const Variable& rows) const;
};

// Side of the kernel of a convolution with that stride.
inline int64_t kernel_of_stride(int64_t stride) { return stride == 1 ? 3 : 2 * stride; }
// Where a level's parameters are: scope itself for the coarsest, scope/level_2 and so on for the finer ones.
Scope scope_of_level(const Scope& scope, int64_t level);

}  // namespace mlrun

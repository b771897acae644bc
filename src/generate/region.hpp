// The part of an image that is known, when the rest is to be drawn or judged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "symbols/data_spec.hpp"

namespace mlrun {

struct Region {
  std::string name;            // as it was typed
  std::vector<uint8_t> known;  // [positions] in the data's order; 1: known
  int64_t known_count() const;
};

// Of images: top, left, right, bottom: half of the image. center: the middle square of half its side. checker: every second pixel,
// as on a chessboard. rect:R0,C0,R1,C1: rows R0 .. R1 - 1 of columns C0 .. C1 - 1. NAME.png: what is white (128 or
// more) in a mask of the data's size. Error(kUsage) for another word, a mask of another size, a rectangle that is not
// inside, and a known part that is nothing or everything; Error(kData) for a damaged PNG.
// Of rows of a table: columns:A,B,C..D, columns by their names or by their numbers from 1.
Region region_named(const std::string& text, const DataSpec& data, const std::vector<std::string>& column_names = {});

// The six words.
const std::vector<std::string>& region_words();

// Those of the six words that leave something known and something unknown of such images.
std::vector<Region> named_regions(const DataSpec& data);

}  // namespace mlrun

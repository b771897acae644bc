// Grey pictures row by row on one sheet, with captions, for a page of paper or of the web; as PNG, by cairo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "figure/palette.hpp"

namespace mlrun::figure {

struct SheetPicture {
  int width = 0, height = 0;
  const uint8_t* pixels = nullptr;  // height x width, row-major; 0 black, 255 white
};

// Words at the pictures; an empty list: none of these.
struct SheetCaptions {
  std::vector<std::string> of_rows;     // left of each row
  std::vector<std::string> of_columns;  // above each column
  std::vector<std::string> of_each;     // below each picture
  bool empty() const { return of_rows.empty() && of_columns.empty() && of_each.empty(); }
};

struct Sheet {
  std::vector<SheetPicture> pictures;  // all of one size
  int columns = 1;
  int scale = 1;  // a pixel of a picture becomes scale x scale pixels
  SheetCaptions captions = {};
  std::optional<Colour> ink =
      {};                    // white becomes this colour, and black the ground; nothing: pictures stay as they are
  bool transparent = false;  // with ink: the ground can be seen through; else it is white
};

// The bytes of a PNG. Equal sheets give equal bytes on machines with the same fonts. Error(kUsage) for more than 32767
// pixels a side, which is as many as cairo draws.
std::string sheet_png(const Sheet& sheet);

// "#1f77b4", "#000" or one of a few names (`colour_names`). Nothing for what is no colour.
std::optional<Colour> colour_named(const std::string& text);
const char* colour_names();  // "black, white, ..."

}  // namespace mlrun::figure

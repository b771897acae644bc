// Pictures made of characters: two-valued images in the terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal/terminal.hpp"
#include "io/image.hpp"

namespace mlrun::cli {

// Braille cells hold 2 x 4 pixels (28x28 = 14x7 characters) and need UTF-8; ASCII characters hold 1 x 2 (28x14).
enum class Glyphs { kBraille, kAscii };
inline Glyphs glyphs_for(const Screen& screen) { return screen.utf8 ? Glyphs::kBraille : Glyphs::kAscii; }

int picture_columns(int image_width, Glyphs glyphs);  // characters of one line

// The lines of one picture, all equally many characters. A pixel is a dot when it is at least `threshold`.
std::vector<std::string> picture(const io::Image& image, Glyphs glyphs, int threshold = 128);

// Pictures side by side, two blank columns apart, as many as `width` columns hold and at most `per_row` (0: no limit)
// in a row; at most `rows` rows (0: no limit). A picture wider than the screen is shrunk by a whole factor. Every
// line ends in a newline, a blank line stands between rows; "" for no pictures.
std::string pictures(const std::vector<io::Image>& images, int width, Glyphs glyphs, int per_row = 0, int rows = 0);

}  // namespace mlrun::cli

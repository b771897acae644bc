#include "cli/terminal/braille.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "cli/terminal/text_table.hpp"

using namespace mlrun;
using namespace mlrun::cli;

namespace {

io::Image blank(int width, int height, uint8_t value = 0) {
  io::Image image;
  image.width = width;
  image.height = height;
  image.pixels.assign(static_cast<size_t>(width * height), value);
  return image;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("every pixel of a braille cell lights its own dot") {
  // Dots are numbered down the left, down the right, then the lowest row: U+2800 + bit.
  const char* expected[4][2] = {{"⠁", "⠈"}, {"⠂", "⠐"}, {"⠄", "⠠"}, {"⡀", "⢀"}};
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 2; ++x) {
      io::Image image = blank(2, 4);
      image.at(x, y) = 255;
      CHECK(picture(image, Glyphs::kBraille) == std::vector<std::string>{expected[y][x]});
    }
  }
  CHECK(picture(blank(2, 4), Glyphs::kBraille)[0] == "⠀");
  CHECK(picture(blank(2, 4, 255), Glyphs::kBraille)[0] == "⣿");
}

TEST_CASE("a pixel is a dot from the threshold on") {
  CHECK(picture(blank(2, 4, 127), Glyphs::kBraille)[0] == "⠀");
  CHECK(picture(blank(2, 4, 128), Glyphs::kBraille)[0] == "⣿");
  CHECK(picture(blank(2, 4, 128), Glyphs::kBraille, 129)[0] == "⠀");
}

TEST_CASE("a digit of 28 x 28 is 14 x 7 braille cells or 28 x 14 ASCII characters") {
  const auto braille = picture(blank(28, 28, 255), Glyphs::kBraille);
  REQUIRE(braille.size() == 7);
  for (const std::string& line : braille) CHECK(display_width(line) == 14);
  const auto ascii = picture(blank(28, 28, 255), Glyphs::kAscii);
  REQUIRE(ascii.size() == 14);
  CHECK(ascii[0] == std::string(28, '#'));
}

TEST_CASE("sizes that are no multiple of a cell are filled up with black") {
  CHECK(picture(blank(3, 5, 255), Glyphs::kBraille) == std::vector<std::string>{"⣿⡇", "⠉⠁"});
  io::Image image = blank(3, 3);
  image.at(0, 0) = image.at(1, 1) = image.at(2, 0) = image.at(2, 1) = image.at(0, 2) = 255;
  CHECK(picture(image, Glyphs::kAscii) == std::vector<std::string>{"'.#", "'  "});
}

TEST_CASE("pictures stand side by side as many as the width holds") {
  const std::vector<io::Image> five(5, blank(28, 28, 255));
  const auto lines = lines_of(pictures(five, 46, Glyphs::kBraille));  // 3 x 14 + 2 x 2 = 46
  REQUIRE(lines.size() == 7 + 1 + 7);
  CHECK(display_width(lines[0]) == 46);
  CHECK(lines[7].empty());
  CHECK(display_width(lines[8]) == 30);
  CHECK(lines_of(pictures(five, 45, Glyphs::kBraille)).size() == 3 * 7 + 2);
  CHECK(lines_of(pictures(five, 200, Glyphs::kBraille)).size() == 7);
  CHECK(lines_of(pictures(five, 200, Glyphs::kBraille, 4)).size() == 15);
  CHECK(lines_of(pictures(five, 46, Glyphs::kBraille, 0, 1)).size() == 7);
  CHECK(pictures({}, 80, Glyphs::kBraille).empty());
}

TEST_CASE("pictures of different sizes keep their columns") {
  CHECK(pictures({blank(2, 2, 255), blank(4, 4, 255), blank(2, 2, 255)}, 80, Glyphs::kAscii) ==
        "##    ####  ##\n"
        "      ####\n");
}

TEST_CASE("a picture wider than the screen is shrunk until it fits") {
  const std::string text = pictures({blank(400, 100, 255)}, 60, Glyphs::kBraille);
  for (const std::string& line : lines_of(text)) CHECK(display_width(line) <= 60);
  CHECK(display_width(lines_of(text)[0]) == 50);  // 200 cells, so a factor of 4
  CHECK(lines_of(text).size() == 7);
}

#include "figure/sheet.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"

using namespace mlrun::figure;

namespace {

int big_endian_at(const std::string& bytes, size_t at) {
  int value = 0;
  for (size_t i = 0; i < 4; ++i) value = value * 256 + static_cast<unsigned char>(bytes[at + i]);
  return value;
}
int width_of(const std::string& png) { return big_endian_at(png, 16); }
int height_of(const std::string& png) { return big_endian_at(png, 20); }
bool has_alpha(const std::string& png) { return png.at(25) == 6; }  // the colour type of a PNG's header

Sheet six_pictures(const std::vector<uint8_t>& pixels) {
  Sheet sheet;
  sheet.pictures.assign(6, {4, 3, pixels.data()});
  sheet.columns = 3;
  sheet.scale = 5;
  return sheet;
}

}  // namespace

TEST_CASE("a sheet has room for its pictures and for what is written beside them") {
  const std::vector<uint8_t> pixels = {0, 255, 0, 128, 7, 9, 11, 13, 255, 255, 0, 0};
  Sheet sheet = six_pictures(pixels);
  const std::string plain = sheet_png(sheet);
  REQUIRE(plain.substr(1, 3) == "PNG");
  CHECK(width_of(plain) == 3 * 20 + 4 * 10);  // gaps of two pixels of the pictures
  CHECK(height_of(plain) == 2 * 15 + 3 * 10);
  CHECK_FALSE(has_alpha(plain));
  CHECK(sheet_png(sheet) == plain);

  sheet.captions.of_rows = {"class 0", "class 1"};
  const std::string with_rows = sheet_png(sheet);
  CHECK(width_of(with_rows) > width_of(plain) + 20);
  CHECK(height_of(with_rows) == height_of(plain));
  sheet.captions = {};
  sheet.captions.of_columns = {"image", "known", "drawn"};
  CHECK(height_of(sheet_png(sheet)) > height_of(plain));
  sheet.captions.of_each.assign(6, "12345 pixels away");  // wider than a picture: columns move apart
  CHECK(width_of(sheet_png(sheet)) > width_of(plain) + 3 * 20);
  sheet.captions.of_rows = {"1", "2", "3", "4"};  // more words than rows
  CHECK_NOTHROW(sheet_png(sheet));
}

TEST_CASE("ink takes the place of white, and the ground of black, which may show through") {
  const std::vector<uint8_t> pixels(12, 255);
  Sheet sheet = six_pictures(pixels);
  const std::string plain = sheet_png(sheet);
  sheet.ink = Colour{0, 0, 0};
  const std::string black = sheet_png(sheet);
  CHECK(black != plain);
  CHECK_FALSE(has_alpha(black));
  sheet.transparent = true;
  CHECK(has_alpha(sheet_png(sheet)));
}

TEST_CASE("a sheet beyond what cairo draws is refused in words") {
  const std::vector<uint8_t> pixels(12, 0);
  Sheet sheet = six_pictures(pixels);
  sheet.scale = 6000;
  CHECK_THROWS_WITH(sheet_png(sheet), Catch::Contains("smaller --scale"));
}

TEST_CASE("colours have names and numbers") {
  const auto is = [](const std::string& text, int red, int green, int blue) {
    const auto c = colour_named(text);
    return c && c->red == red && c->green == green && c->blue == blue;
  };
  CHECK(is("black", 0, 0, 0));
  CHECK(is("white", 255, 255, 255));
  CHECK(is("#1f77b4", 0x1f, 0x77, 0xb4));
  CHECK(is("#FFF", 255, 255, 255));
  CHECK(is("#0a5", 0, 0xaa, 0x55));
  for (const char* text : {"", "#", "#12", "#12345", "#12345g", "beige", "1f77b4"}) CHECK_FALSE(colour_named(text));
}

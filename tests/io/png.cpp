#include "io/png.hpp"

#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {
Image gradient() {
  Image image = Image::filled(16, 16, 0);
  for (size_t i = 0; i < 256; ++i) image.pixels[i] = static_cast<uint8_t>(i);
  return image;
}
}  // namespace

TEST_CASE("all grey values come back from a PNG, and equal images give equal bytes") {
  const TemporaryDirectory directory;
  const Image image = gradient();
  write_png((directory / "a.png"), image);
  const Image back = read_png((directory / "a.png"));
  CHECK(back.width == 16);
  CHECK(back.height == 16);
  CHECK(back.pixels == image.pixels);
  CHECK(encode_png(image).text() == encode_png(image).text());
  CHECK(entries(directory) == 1);
}

TEST_CASE("a damaged, cut or too large PNG is refused") {
  const std::string whole(encode_png(gradient()).text());
  const auto refusal = [](const std::string& text, int64_t most) {
    return message_of(ExitCode::kData, [&] { decode_png(bytes_of(text), "x.png", most); });
  };
  CHECK_THAT(refusal("nonsense", 1000), Catch::StartsWith("x.png: damaged PNG"));
  CHECK_THAT(refusal(whole, 255), Catch::Contains("16 x 16 pixels; at most 255"));
  // Up to the last 12 bytes (the empty end chunk), every cut loses pixels.
  for (size_t n = 0; n + 16 < whole.size(); ++n)
    CHECK_THAT(refusal(whole.substr(0, n), 1000), Catch::Contains("damaged"));
  std::string bad = whole;
  bad[20] = static_cast<char>(bad[20] ^ 1);  // in the header, whose checksum is then wrong
  CHECK_THAT(refusal(bad, 1000), Catch::Contains("damaged"));
}

TEST_CASE("a sheet of images puts them row by row with padding around") {
  const std::vector<Image> images = {Image::filled(2, 1, 10), Image::filled(2, 1, 20), Image::filled(2, 1, 30)};
  const Image sheet = grid(images, 2, 1, 0);
  CHECK(sheet.width == 7);
  CHECK(sheet.height == 5);
  CHECK(sheet.pixels == std::vector<uint8_t>{0, 0,  0,  0, 0,  0,  0,  //
                                             0, 10, 10, 0, 20, 20, 0,  //
                                             0, 0,  0,  0, 0,  0,  0,  //
                                             0, 30, 30, 0, 0,  0,  0,  //
                                             0, 0,  0,  0, 0,  0,  0});
  CHECK(grid(images, 100, 0).width == 6);
  CHECK_THROWS_AS(grid({Image::filled(2, 1, 0), Image::filled(1, 2, 0)}, 2, 0), Error);
}

TEST_CASE("scaling repeats pixels") {
  const Image large = scaled(Image{2, 1, {1, 2}}, 2);
  CHECK(large.width == 4);
  CHECK(large.pixels == std::vector<uint8_t>{1, 1, 2, 2, 1, 1, 2, 2});
}

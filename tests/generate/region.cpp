#include "generate/region.hpp"

#include "base/error.hpp"
#include "catch.hpp"
#include "io/png.hpp"
#include "temporary_directory.hpp"

using namespace mlrun;

namespace {

// Rows of '#' where known.
std::string drawn(const std::string& text, const DataSpec& data) {
  const Region region = region_named(text, data);
  std::string picture;
  for (size_t p = 0; p < region.known.size(); ++p) {
    if (p > 0 && static_cast<int64_t>(p) % data.shape[1] == 0) picture += '/';
    picture += region.known[p] != 0 ? '#' : '.';
  }
  return picture;
}

const DataSpec kImages{.shape = {4, 5}, .alphabet = 2, .classes = 0};

}  // namespace

TEST_CASE("a region's word names the part that is known") {
  CHECK(drawn("top", kImages) == "#####/#####/...../.....");
  CHECK(drawn("bottom", kImages) == "...../...../#####/#####");
  CHECK(drawn("left", kImages) == "##.../##.../##.../##...");
  CHECK(drawn("right", kImages) == "...##/...##/...##/...##");
  CHECK(drawn("checker", kImages) == "#.#.#/.#.#./#.#.#/.#.#.");
  CHECK(drawn("center", kImages) == "...../.##../.##../.....");
  CHECK(drawn("rect:1,2,3,5", kImages) == "...../..###/..###/.....");
  CHECK(region_named("left", kImages).known_count() == 8);
}

TEST_CASE("a mask is known where it is white") {
  const test::TemporaryDirectory directory;
  io::Image mask = io::Image::filled(5, 4, 0);
  mask.at(3, 1) = 255, mask.at(0, 2) = 128, mask.at(4, 3) = 127;
  const std::string path = directory / "mask.png";
  io::write_png(path, mask);
  CHECK(drawn(path, kImages) == "...../...#./#..../.....");
}

TEST_CASE("a region that means nothing is refused with what would") {
  const test::TemporaryDirectory directory;
  const auto mask = [&](const std::string& name, int width, int height, uint8_t value) {
    io::write_png(directory / name, io::Image::filled(width, height, value));
    return directory / name;
  };
  const struct {
    std::string text, part_of_message;
  } cases[] = {{"tpo", "did you mean 'top'?"},
               {"everything", "rect:R0,C0,R1,C1"},
               {"rect:0,0,1", "four whole numbers"},
               {"rect:0,0,1,2,3", "four whole numbers"},
               {"rect:a,0,1,2", "four whole numbers"},
               {"rect:", "four whole numbers"},
               {"rect:0,0,5,5", "R1 <= 4"},
               {"rect:-1,0,2,2", "0 <= R0"},
               {"rect:2,0,2,5", "R0 < R1"},
               {"rect:0,0,4,5", "nothing left"},
               {mask("small.png", 4, 5, 255), "5 rows and 4 columns"},
               {mask("black.png", 5, 4, 0), "nothing to go by"},
               {mask("white.png", 5, 4, 255), "nothing left"}};
  for (const auto& c : cases) {
    INFO(c.text);
    try {
      region_named(c.text, kImages);
      FAIL("taken");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::kUsage);
      CHECK_THAT(e.what(), Catch::Contains(c.part_of_message));
    }
  }
  CHECK_THROWS_WITH(region_named("top", {.shape = {20}, .alphabet = 2, .classes = 0}), Catch::Contains("rows of 20"));
  CHECK_THROWS_WITH(region_named("top", {.shape = {1, 20}, .alphabet = 2, .classes = 0}),
                    Catch::Contains("nothing to go by"));
  CHECK_THROWS_AS(region_named(directory / "none.png", kImages), Error);
}

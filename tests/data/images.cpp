// Folders of pictures.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "data/image_folder.hpp"
#include "io/image.hpp"
#include "io/pgm.hpp"
#include "io/png.hpp"
#include "temporary_directory.hpp"

using namespace mlrun;
using Catch::Contains;
using mlrun::test::TemporaryDirectory;

namespace {

void put(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void put_png(const std::string& path, int width, int height, uint8_t grey) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  io::write_png(path, io::Image::filled(width, height, grey));
}

}  // namespace

TEST_CASE("a folder of folders is classes by name, and pictures come in order") {
  const TemporaryDirectory root;
  put_png(root / "dog/b.png", 3, 2, 200);
  put_png(root / "dog/a.png", 3, 2, 100);
  put(root / "cat/x.pgm", "P5 # a comment\n3 2\n255\n" + std::string("\x01\x02\x03\x04\x05\x06", 6));
  put(root / "cat/.DS_Store", "hidden");
  put(root / "cat/notes.txt", "not a picture");
  const ImageFolder folder = read_image_folder(root.path(), {});
  CHECK(folder.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(folder.labels == std::vector<uint8_t>{0, 1, 1});
  CHECK(folder.shape == Shape{2, 3});
  CHECK(folder.pictures[0] == std::vector<uint8_t>{1, 2, 3, 4, 5, 6});
  CHECK(folder.pictures[1][0] == 100);
  REQUIRE(folder.warnings.size() == 1);
  CHECK_THAT(folder.warnings[0], Contains("notes.txt") && !Contains("DS_Store"));
}

TEST_CASE("without folders there are no classes, and for another split they are those of training") {
  const TemporaryDirectory root;
  put_png(root / "flat/a.png", 2, 2, 7);
  CHECK(read_image_folder(root / "flat", {}).labels.empty());
  put_png(root / "valid/dog/a.png", 2, 2, 7);
  const ImageFolder valid =
      read_image_folder(root / "valid", {.resize = {}, .skip_damaged = false, .classes = {"cat", "dog"}});
  CHECK(valid.labels == std::vector<uint8_t>{1});
  CHECK_THROWS_WITH(
      read_image_folder(root / "valid", {.resize = {}, .skip_damaged = false, .classes = {"cat", "dogs"}}),
      Contains("no class 'dog'") && Contains("did you mean 'dogs'"));
}

TEST_CASE("a damaged picture among others is named, with the choice to skip it") {
  const TemporaryDirectory root;
  put_png(root / "a.png", 4, 4, 9);
  put_png(root / "c.png", 4, 4, 9);
  const std::string whole = [&] {
    std::ifstream stream(root / "a.png", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }();
  for (const std::string& broken :
       {whole.substr(0, whole.size() / 2), std::string("P5 4 4 255\nab"), std::string("text")}) {
    put(root / "b.png", broken);
    CHECK_THROWS_WITH(read_image_folder(root.path(), {}), Contains("b.png") && Contains("data.damaged=skip"));
    const ImageFolder rest = read_image_folder(root.path(), {.resize = {}, .skip_damaged = true, .classes = {}});
    CHECK(rest.files.size() == 2);
    REQUIRE(rest.warnings.size() == 1);
    CHECK_THAT(rest.warnings[0], Contains("b.png") && Contains("skipped"));
  }
}

TEST_CASE("two sizes, a JPEG, pictures beside folders and an empty folder are refused with what to do") {
  const TemporaryDirectory root;
  put_png(root / "two/a.png", 4, 4, 9);
  put_png(root / "two/b.png", 4, 5, 9);
  CHECK_THROWS_WITH(read_image_folder(root / "two", {}),
                    Contains("b.png") && Contains("5 x 4") && Contains("a.png") && Contains("data.resize=[4, 4]"));
  const ImageFolder one_size =
      read_image_folder(root / "two", {.resize = Shape{2, 2}, .skip_damaged = false, .classes = {}});
  CHECK(one_size.pictures[1] == std::vector<uint8_t>(4, 9));
  put(root / "jpeg/a.jpg", "\xff\xd8\xff\xe0 and so on");
  CHECK_THROWS_WITH(read_image_folder(root / "jpeg", {}), Contains("JPEG") && Contains("mogrify"));
  put_png(root / "mixed/a.png", 4, 4, 9);
  put_png(root / "mixed/cat/a.png", 4, 4, 9);
  CHECK_THROWS_WITH(read_image_folder(root / "mixed", {}), Contains("beside folders"));
  std::filesystem::create_directories(root / "empty");
  CHECK_THROWS_WITH(read_image_folder(root / "empty", {}), Contains("no PNG or PGM"));
  CHECK_THROWS_WITH(read_image_folder(root / "nosuch", {}), Contains("no such folder"));
}

TEST_CASE("a new pixel is the mean over its area") {
  CHECK(resized({0, 100, 200, 255}, {2, 2}, {1, 1}) == std::vector<uint8_t>{139});
  CHECK(resized({10, 20}, {1, 2}, {1, 4}) == std::vector<uint8_t>{10, 10, 20, 20});
  CHECK(resized({0, 90, 30}, {1, 3}, {1, 2}) == std::vector<uint8_t>{30, 50});
}

TEST_CASE("grey maps are read in both forms, of any depth, and damage is told") {
  const auto pixels = [](const std::string& text) {
    return io::decode_pgm(std::as_bytes(std::span(text)), "a.pgm").pixels;
  };
  CHECK(pixels("P2 3 1 3\n0 1 3") == std::vector<uint8_t>{0, 85, 255});
  CHECK(pixels("P2\n# said by\n2 1\n# a program\n255 7\n8\n") == std::vector<uint8_t>{7, 8});
  CHECK(pixels(std::string("P5 1 1 65535\n\x80\x00", 15)) == std::vector<uint8_t>{128});
  for (const char* bad : {"", "P", "P6 1 1 255\nabc", "P2 2 1 255 7", "P2 1 1 255 300", "P5 0 1 255\n", "P2 1 1 0 0",
                          "P5 9999999 9999999 255\n", "P2 x 1 255 0"})
    CHECK_THROWS_WITH(pixels(bad), Contains("a.pgm: damaged PGM"));
}

// Sheets of samples as a user asks for them: rows of classes, captions, ink, and what is nearest in the training data.
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/run_program.hpp"
#include "io/png.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

mlrun::io::Image png(const Workplace& place, const std::string& name) { return mlrun::io::read_png(place.path(name)); }

ProgramResult good(const Workplace& place, const std::vector<std::string>& words) {
  const ProgramResult result = place.mlrun(words);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return result;
}

}  // namespace

TEST_CASE("several classes have a row each, with captions where they are asked for") {
  Workplace place;
  place.train({"model.condition=class"});
  const Json answer = Json::parse(
      good(place, {"sample", "@last", "--class", "3,7..8", "-n", "4", "-o", "rows.png", "--scale", "1", "--json"})
          .last_line());
  CHECK(answer.at("count") == 12);
  CHECK(answer.at("labels") == Json({3, 3, 3, 3, 7, 7, 7, 7, 8, 8, 8, 8}));
  CHECK(png(place, "rows.png").width == 4 * 30 + 2);
  CHECK(png(place, "rows.png").height == 3 * 30 + 2);
  good(place, {"sample", "@last", "--class", "3,7..8", "-n", "4", "-o", "words.png", "--scale", "1", "--captions"});
  CHECK(png(place, "words.png").width > 4 * 30 + 2);
  const Json all =
      Json::parse(good(place, {"sample", "@last", "--class", "all", "-n", "1", "-o", "a.txt", "--json"}).last_line());
  CHECK(all.at("labels") == Json({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK(says(good(place, {"sample", "@last", "--class", "2,5", "-n", "1", "--show"}).out, "class 5\n"));

  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--class", "3..12"},
                                             {"--class", "seven"},
                                             {"--class", "1,2", "--grid", "2x2"},
                                             {"--class", "1,2", "--complete", "top"},
                                             {"--ink", "beige"}}) {
    std::vector<std::string> words = {"sample", "@last", "-o", "wrong.png"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    INFO(wrong[1]);
    CHECK(place.mlrun(words).exit_code == 2);
  }
}

TEST_CASE("ink draws what is white in a colour on white paper, or on none") {
  Workplace place;
  place.train();
  good(place, {"sample", "@last", "--grid", "1x3", "-o", "plain.png", "--scale", "1"});
  good(place, {"sample", "@last", "--grid", "1x3", "-o", "ink.png", "--scale", "1", "--ink", "black"});
  const mlrun::io::Image plain = png(place, "plain.png"), ink = png(place, "ink.png");
  REQUIRE(plain.width == ink.width);
  int compared = 0;
  for (int y = 2; y < 30; ++y)
    for (int x = 2; x < 30; ++x, ++compared) CHECK(ink.at(x, y) == 255 - plain.at(x, y));
  CHECK(compared == 784);
  good(place, {"sample", "@last", "-n", "2", "-o", "through.png", "--transparent", "--captions"});
  CHECK(place.get("through.png").at(25) == 6);  // the PNG has an alpha channel
  good(place, {"sample", "@last", "--complete", "top", "-n", "2", "--images", "3", "-o", "c.png", "--captions"});
  CHECK(png(place, "c.png").height > 3 * 30 * 4);
}

TEST_CASE("samples are an array for NumPy, which is data of images and of tables") {
  Workplace place;
  place.train();
  good(place, {"sample", "@last", "-n", "20", "-o", "data/x.npy"});
  good(place, {"sample", "@last", "-n", "20", "-o", "x.txt"});
  const std::string array = place.get("data/x.npy"), text = place.get("x.txt");
  REQUIRE(array.size() > 20 * 784);
  CHECK(says(array, "'shape': (20, 28, 28)"));
  std::string spelled;
  for (const char c : array.substr(array.size() - 20 * 784)) spelled += static_cast<char>('0' + c);
  std::string digits;
  for (const char c : text)
    if (c == '0' || c == '1') digits += c;
  CHECK(spelled == digits);
  const Json images = Json::parse(good(place, {"data", "describe", "tiny.yaml", "--json",
                                               "data={kind: images, train: x.npy, split: [0.6, 0.2, 0.2], "
                                               "binarization: threshold}"})
                                      .last_line());
  CHECK(images.at("shape") == Json({28, 28}));
  CHECK(images.at("alphabet") == 2);
  good(place, {"sample", "@last", "--complete", "top", "-n", "2", "--images", "3", "-o", "c.npy"});
  CHECK(says(place.get("c.npy"), "'shape': (3, 2, 28, 28)"));
}

TEST_CASE("samples stand beside the nearest training images, and a copy is called one") {
  Workplace place;
  // A model that has seen six equal rows and one other; cold samples of it are that row.
  std::string rows;
  for (int i = 0; i < 6; ++i) rows += "1 1 1 1 1 1 1 1 1\n";
  place.put("ones.txt", rows);
  place.put("other.txt", rows + "0 0 0 0 1 1 1 1 1\n");
  place.put("ones.yaml", "data: {kind: table, train: " + place.path("other.txt") +
                             ", valid: " + place.path("ones.txt") + ", test: " + place.path("ones.txt") +
                             ", shape: [3, 3]}\n"
                             "model: {kind: fvsbn}\noptim: {lr: 0.5}\ntrain: {for: 60 steps, batch_size: 7}\n");
  good(place, {"train", "ones.yaml", "-q"});
  const Json answer = Json::parse(good(place, {"sample", "@last", "-n", "2", "--temperature", "1e-3", "--nearest", "7",
                                               "-o", "near.png", "--captions", "--json"})
                                      .last_line())
                          .at("nearest");
  CHECK(answer.at("unit") == "pixels");
  CHECK(answer.at("train_images") == 7);
  CHECK(answer.at("copies") == 2);
  CHECK(answer.at("median") == 0);
  CHECK(answer.at("test_median") == 0);
  const Json first = answer.at("samples")[0];
  CHECK(first.at("train_rows") == Json({0, 1, 2, 3, 4, 5, 6}));
  CHECK(first.at("distances") == Json({0, 0, 0, 0, 0, 0, 4}));
  CHECK(says(good(place, {"sample", "@last", "-n", "2", "--nearest", "2", "-o", "n.png"}).err, "2 samples are copies"));

  const std::string digits = place.train();
  const ProgramResult shown = good(place, {"sample", digits, "-n", "2", "--nearest", "2", "--show"});
  CHECK(says(shown.out, "sample 1: "));
  CHECK(says(shown.err, "the nearest of 200 training images is"));
  CHECK(says(shown.err, "from a test image (of 2)"));
}

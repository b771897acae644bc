// Pictures of one's own, from a folder to a trained model.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// Twenty pictures of 4 x 4, two classes, under the data root; one of them twice.
void draw_pictures(const Workplace& place) {
  for (const char* kind : {"cat", "dog"}) {
    fs::create_directories(place.path("data/pictures/") + kind);
    for (int i = 0; i < 10; ++i) {
      std::string text = "P2 4 4 255\n";
      for (int pixel = 0; pixel < 16; ++pixel)
        text += std::to_string((pixel * (kind[0] == 'c' ? 31 : 57) + (i == 9 ? 0 : i) * 23) % 256) + " ";
      place.put("data/pictures/" + std::string(kind) + "/" + std::to_string(i) + ".pgm", text);
    }
  }
  place.put("pictures.yaml",
            "data: {kind: images, train: pictures, split: [0.6, 0.2, 0.2], binarization: dynamic}\n"
            "model: {kind: made, hidden: [8], condition: class}\n"
            "train: {for: 3 steps, batch_size: 4}\n");
}

}  // namespace

TEST_CASE("a folder of pictures is described, trained on with its classes, and sampled") {
  const Workplace place;
  draw_pictures(place);
  const ProgramResult described =
      place.mlrun({"data", "describe", "pictures.yaml", "data.binarization=none", "--json"});
  INFO(described.err);
  REQUIRE(described.exit_code == 0);
  const Json answer = Json::parse(described.last_line());
  CHECK(answer["shape"] == Json({4, 4}));
  CHECK(answer["alphabet"] == 256);
  CHECK(answer["classes"] == 2);
  CHECK(answer["splits"]["train"]["rows"] == 12);
  CHECK(answer["splits"]["valid"]["rows"] == 4);
  int of_cats = 0, twice = 0;
  for (const char* split : {"train", "valid", "test"}) {
    of_cats += answer["splits"][split]["of_class"][0].get<int>();
    twice += answer["splits"][split]["repeated"].get<int>() + answer["splits"][split]["of_train"].get<int>();
  }
  CHECK(of_cats == 10);
  CHECK(twice >= 1);  // picture 9 is picture 0, wherever the seed dealt them
  CHECK(says(answer["data"], "0 cat, 1 dog"));
  const ProgramResult words = place.mlrun({"data", "describe", "pictures.yaml"});
  CHECK(says(words.out, "4 x 4 pixels"));
  CHECK(says(words.out, "also in train"));
  CHECK(says(words.out, "\xe2\xa0"));  // pictures

  const ProgramResult trained = place.mlrun({"train", "pictures.yaml", "-q"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(place.mlrun({"eval", "@last", "-q"}).exit_code == 0);
  CHECK(place.mlrun({"sample", "@last", "--class", "1", "-n", "2", "-o", "dogs.png"}).exit_code == 0);
  const auto fingerprint = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"validate", "pictures.yaml", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    const ProgramResult result = place.mlrun(all);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.last_line())["fingerprint"].get<std::string>();
  };
  const std::string before = fingerprint({});
  CHECK(fingerprint({}) == before);
  place.put("data/pictures/cat/0.pgm", "P2 1 1 255 7");
  const ProgramResult sizes = place.mlrun({"validate", "pictures.yaml"});
  CHECK(sizes.exit_code == 3);
  CHECK(says(sizes.err, "data.resize"));
  CHECK(fingerprint({"data.resize=[4,4]"}) != before);
}

TEST_CASE("mistakes about folders of pictures are told with what to do") {
  const Workplace place;
  draw_pictures(place);
  place.put("data/pictures/dog/5.pgm", "P2 4 4 255\n1 2 3");
  const ProgramResult damaged = place.mlrun({"train", "pictures.yaml"});
  CHECK(damaged.exit_code == 3);
  CHECK(says(damaged.err, "dog/5.pgm"));
  CHECK(says(damaged.err, "data.damaged=skip"));
  const ProgramResult skipped = place.mlrun({"validate", "pictures.yaml", "data.damaged=skip"});
  CHECK(skipped.exit_code == 0);
  CHECK(says(skipped.err, "5.pgm"));
  CHECK(says(place.mlrun({"validate", "pictures.yaml", "data.train=nowhere"}).err, "no such folder"));
  CHECK(place.mlrun({"validate", "pictures.yaml", "data.split=[]"}).exit_code == 2);
  CHECK(place.mlrun({"validate", "pictures.yaml", "data.valid=pictures"}).exit_code == 2);
}

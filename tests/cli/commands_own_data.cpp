// A spreadsheet of one's own, from its first row of names to a classifier.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

// Sixty animals that are told apart by their wings.
void put_animals(const Workplace& place) {
  std::string text = "wings,legs,kind,sings\n";
  for (int i = 0; i < 60; ++i)
    text += std::string(i % 2 ? "1" : "0") + "," + (i % 3 ? "1" : "0") + "," + (i % 2 ? "bird" : "horse") + "," +
            (i % 5 ? "0" : "1") + "\n";
  place.put("data/animals.csv", text);
  place.put("animals.yaml",
            "data: {kind: table, train: animals.csv, split: [0.6, 0.2, 0.2], labels: kind}\n"
            "model: {kind: nade, hidden: 8, condition: class}\n"
            "optim: {lr: 3e-2}\n"
            "train: {for: 60 steps, batch_size: 12}\n");
}

}  // namespace

TEST_CASE("a table with a column of labels is described, trained on by class, sampled and completed by names") {
  const Workplace place;
  put_animals(place);
  const auto good = [&](const std::vector<std::string>& words) {
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result;
  };
  const Json described = Json::parse(good({"data", "describe", "animals.yaml", "--json"}).last_line());
  CHECK(described.at("class_names") == Json({"bird", "horse"}));
  CHECK(described.at("column_names") == Json({"wings", "legs", "sings"}));
  CHECK(described.at("shape") == Json({3}));
  const std::string words = good({"data", "describe", "animals.yaml"}).out;
  CHECK(says(words, "columns  wings, legs, sings"));
  CHECK(says(words, "\nhorse "));

  good({"train", "animals.yaml", "-q"});
  CHECK(good({"sample", "@last", "--class", "bird", "-n", "3", "--temperature", "0.01", "-o", "-"}).lines()[0][0] ==
        '1');
  const Json both =
      Json::parse(good({"sample", "@last", "--class", "horse,bird", "-n", "2", "--json", "-o", "s.txt"}).last_line());
  CHECK(both.at("labels") == Json({1, 1, 0, 0}));
  const ProgramResult near = place.mlrun({"sample", "@last", "--class", "hors", "-o", "-"});
  CHECK(near.exit_code == 2);
  CHECK(says(near.err, "did you mean 'horse'?"));
  CHECK(says(place.mlrun({"sample", "@last", "--nearest", "2", "-o", "n.png"}).err, "not images"));

  const Json region = Json::parse(good({"eval", "@last", "--region", "columns:wings", "--json"}).last_line());
  CHECK(region.at("nll").get<double>() > 0);
  good({"sample", "@last", "--complete", "columns:wings..legs", "-n", "2", "--images", "0,1", "-o", "c.txt"});
  const ProgramResult late = place.mlrun({"eval", "@last", "--region", "columns:sings"});
  CHECK(late.exit_code == 2);
  CHECK(says(late.err, "columns:1..K with K from 1 to 2"));
  CHECK(says(place.mlrun({"eval", "@last", "--region", "columns:wing"}).err, "did you mean 'wings'?"));
  CHECK(says(place.mlrun({"eval", "@last", "--region", "top"}).err, "columns:1.."));
  CHECK(place.mlrun({"sample", "@last", "--complete", "columns:1", "-o", "c.png"}).exit_code == 2);

  // Names stay in the checkpoint when the file is gone; and so does a second reading of a packed copy.
  const Json again = Json::parse(good({"data", "describe", "animals.yaml", "--json"}).last_line());
  CHECK(again == described);
}

TEST_CASE("a file beside the spec is found before the one under the data root, wherever one stands") {
  const Workplace place;
  put_animals(place);
  std::filesystem::create_directories(place.path("mine"));
  place.put("mine/animals.csv", "a,b,kind\n1,1,x\n0,0,y\n1,0,x\n0,1,y\n1,1,x\n0,0,y\n1,0,x\n0,1,y\n1,1,x\n0,0,y\n");
  place.put("mine/animals.yaml", place.get("animals.yaml"));
  const auto described = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all = {"data", "describe", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    const ProgramResult result = place.mlrun(all);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.last_line()).at("column_names");
  };
  CHECK(described({"animals.yaml"}) == Json({"wings", "legs", "sings"}));  // nothing beside it
  CHECK(described({"mine/animals.yaml"}) == Json({"a", "b"}));
  CHECK(described({"mine/animals.yaml", "data.train=animals.csv"}) == Json({"wings", "legs", "sings"}));
  const ProgramResult trained = place.mlrun({"train", "mine/animals.yaml", "-q", "train.for=2 steps"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  const std::string resolved = place.mlrun({"config", "show", "@last"}).out;
  CHECK(says(resolved, place.path("mine/animals.csv")));
  CHECK(says(resolved, "labels: kind"));
  CHECK(place.mlrun({"eval", "@last"}).exit_code == 0);
  const ProgramResult missing = place.mlrun({"validate", "animals.yaml", "data.train=none.csv"});
  CHECK(missing.exit_code == 3);
  CHECK(says(missing.err, "beside the spec's file"));
}

TEST_CASE("a classifier learns the labels of a table") {
  const Workplace place;
  put_animals(place);
  const ProgramResult trained = place.mlrun(
      {"train", "animals.yaml", "-q", "model={kind: sequence_classifier, width: 16, layers: 1, mixer: {kind: gru}}",
       "train.for=120 steps"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  const Json answer = Json::parse(place.mlrun({"eval", "@last", "--json"}).last_line());
  CHECK(answer.at("accuracy").get<double>() == 1);
  const ProgramResult unlabelled =
      place.mlrun({"train", "animals.yaml", "data={kind: table, train: animals.csv, split: [0.6, 0.2, 0.2]}"});
  CHECK(unlabelled.exit_code == 3);
  CHECK(says(unlabelled.err, "data.labels=kind"));
}

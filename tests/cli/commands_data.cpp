#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "cli/run_program.hpp"
#include "cli/terminal/text_table.hpp"

using namespace mlrun;
using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("data ls and data check fit 80 columns, and a wrong file ends data check with exit code 3") {
  const Workplace place;
  std::filesystem::create_directories(place.path("data/mnist"));
  ProgramResult check = place.mlrun({"data", "check"});
  CHECK(check.exit_code == 0);
  CHECK(says(check.out, "missing  -                       mnist/train-images-idx3-ubyte\n"));
  place.put("data/mnist/train-labels.idx1-ubyte", "no labels");
  check = place.mlrun({"data", "check"});
  CHECK(check.exit_code == 3);
  CHECK(says(check.out, "FAILS    "));
  CHECK(says(check.out,
             "mnist/train-labels.idx1-ubyte: SHA-256\n"
             "  expected  65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5\n  found     "));
  const ProgramResult list = place.mlrun({"data", "ls"});
  CHECK(list.exit_code == 0);
  CHECK(says(list.out, "WRONG"));
  for (const ProgramResult& result : {check, list}) {
    for (const std::string& line : result.lines()) {
      if (says(line, place.path())) continue;  // the folder of this test
      INFO(line);
      CHECK(cli::display_width(line) <= 80);
    }
  }
  CHECK(Json::parse(place.mlrun({"data", "check", "--json"}).lines().front())["state"] == "missing");
}

TEST_CASE("data cache says what is kept where, and clears it") {
  Workplace place;
  place.set("XDG_CACHE_HOME", place.path("cache"));
  CHECK(says(place.mlrun({"data", "cache"}).out, "/cache/mlrun/\n0 packed copies, 0 B of at most 5.0 GB"));
  place.put("data/x.csv", "0,1\n1,0\n");
  const std::vector<std::string> validate = {"validate", "x.yaml"};
  place.put("x.yaml", "data: {kind: table, train: x.csv, valid: x.csv, test: x.csv}\nmodel: {kind: nade}\n");
  CHECK(place.mlrun(validate).exit_code == 0);
  const Json answer = Json::parse(place.mlrun({"data", "cache", "--json"}).last_line());
  CHECK(answer["folder"] == place.path("cache/mlrun"));
  REQUIRE(answer["copies"].size() == 1);
  CHECK(answer["copies"][0]["files"][0] == std::filesystem::canonical(place.path("data/x.csv")).string());
  CHECK(answer["bytes"] == answer["copies"][0]["bytes"]);
  CHECK(says(place.mlrun({"data", "cache"}).out, "data/x.csv\n"));
  CHECK(says(place.mlrun({"data", "cache", "--clear"}).out, "1 packed copy, "));
  CHECK(std::filesystem::is_empty(place.path("cache/mlrun")));
  CHECK(place.mlrun(validate).exit_code == 0);
  place.set("XDG_CACHE_HOME", "");
  place.set("HOME", "");
  CHECK(place.mlrun({"data", "cache"}).exit_code == 2);
}

TEST_CASE("~ is the home directory wherever a path is read, and never a folder of that name") {
  Workplace place;
  place.set("HOME", place.path());
  place.put("data/x.csv", "0,1\n1,0\n");
  place.put("x.yaml",
            "data: {kind: table, train: ~/data/x.csv, valid: x.csv, test: x.csv}\nmodel: {kind: nade, hidden: 2}\n"
            "train: {for: 1 steps, batch_size: 2}\n");
  const std::vector<std::string> quiet = {"train", "~/x.yaml", "-q", "--progress", "none"};
  const auto with = [&](std::vector<std::string> words) {
    std::vector<std::string> all = quiet;
    all.insert(all.end(), words.begin(), words.end());
    return all;
  };
  place.set("MLRUN_RUN_ROOT", "~/my runs");
  place.set("MLRUN_DATA_ROOT", "~/data");
  const ProgramResult trained = place.mlrun(quiet);
  INFO(trained.err);
  CHECK(trained.exit_code == 0);
  CHECK(trained.last_line().starts_with(place.path("my runs/")));
  CHECK(place.mlrun(with({"--run-dir=~/other", "data.valid=~/data/x.csv"})).last_line() == place.path("other"));
  place.put("y.yaml", "extends: ~/x.yaml\n");
  CHECK(place.mlrun({"validate", "y.yaml"}).exit_code == 0);
  CHECK(place.mlrun({"sample", "~/other", "-o", "~/drawn.txt"}).exit_code == 0);
  CHECK(std::filesystem::exists(place.path("drawn.txt")));
  CHECK_FALSE(std::filesystem::exists(place.path("~")));
  const ProgramResult other = place.mlrun(with({"--run-dir=~nobody/x"}));
  CHECK(other.exit_code == 2);
  CHECK(says(other.err, "~nobody/x: of ~, only your own home is known"));
  place.set("HOME", "");
  CHECK(place.mlrun(quiet).exit_code == 2);
  place.set("MLRUN_DATA_ROOT", "~nobody/data");
  CHECK(place.mlrun({"data", "ls"}).exit_code == 2);
}

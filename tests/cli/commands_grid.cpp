#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

Workplace& with_spec(Workplace& place, const std::string& name = "tiny.yaml") {
  place.put(name, Workplace::tiny_spec());
  return place;
}

}  // namespace

TEST_CASE("grid prints one command per combination, starts nothing, and a shell runs the lines") {
  Workplace place;
  with_spec(place, "it's tiny.yaml");
  const ProgramResult grid = place.mlrun({"grid", "it's tiny.yaml", "optim.lr=1e-3,3e-4", "model.hidden=4",
                                          "model.hidden=[4,3]", "--group", "lr", "--extra", "--if-needed -q"});
  INFO(grid.err);
  REQUIRE(grid.exit_code == 0);
  REQUIRE(grid.lines().size() == 4);
  CHECK(std::filesystem::is_empty(place.runs()));
  const ProgramResult runs = place.shell(grid.out, "sh");
  INFO(runs.err);
  CHECK(runs.exit_code == 0);
  REQUIRE(runs.lines().size() == 4);
  std::set<std::string> seen;
  for (const std::string& line : place.mlrun({"ls", "@group:lr", "--json"}).lines()) {
    const std::string run = Json::parse(line)["run"];
    const Json spec = Json::parse(place.mlrun({"show", run, "--json"}).out)["spec"];
    seen.insert(spec["optim.lr"].dump() + " " + spec["model.hidden"].dump());
  }
  CHECK(seen == std::set<std::string>{"0.0003 [4,3]", "0.0003 [4]", "0.001 [4,3]", "0.001 [4]"});
  // Once more: every run is finished already.
  const ProgramResult again = place.shell(grid.out, "sh");
  CHECK(again.out == runs.out);
}

TEST_CASE("seeds vary slowest, so that a sweep cut short has seen every setting") {
  Workplace place;
  with_spec(place);
  const ProgramResult grid = place.mlrun({"grid", "tiny.yaml", "optim.lr=1e-3,3e-4", "--seeds", "2", "--json"});
  REQUIRE(grid.lines().size() == 4);
  std::vector<std::string> overrides;
  for (const std::string& line : grid.lines()) {
    std::string joined;
    for (const auto& word : Json::parse(line)["overrides"].get<std::vector<std::string>>()) joined += word + " ";
    overrides.push_back(joined);
  }
  CHECK(overrides == std::vector<std::string>{"seed=1 optim.lr=1e-3 ", "seed=1 optim.lr=3e-4 ", "seed=2 optim.lr=1e-3 ",
                                              "seed=2 optim.lr=3e-4 "});
}

TEST_CASE("grid reports every mistake of every combination once, and prints no command") {
  Workplace place;
  with_spec(place);
  const ProgramResult grid =
      place.mlrun({"grid", "tiny.yaml", "optim.lr=1e-3,abc,-1", "modle.hidden=500", "seed=1,2,3"});
  CHECK(grid.exit_code == 2);
  CHECK(grid.out.empty());
  for (const char* part : {"abc", "'optim.lr=-1'", "modle", "3 errors"})
    CHECK(grid.err.find(part) != std::string::npos);
}

TEST_CASE("grid refuses combinations that would be the same run") {
  Workplace place;
  with_spec(place);
  ProgramResult grid = place.mlrun({"grid", "tiny.yaml", "model.hidden=5,5"});
  CHECK(grid.exit_code == 2);
  CHECK(grid.err.find("model.hidden=[5,5]") != std::string::npos);
  grid = place.mlrun({"grid", "tiny.yaml", "optim.lr=1e-3,0.001"});
  CHECK(grid.exit_code == 2);
  CHECK(grid.err.find("same run") != std::string::npos);
  CHECK(place.mlrun({"grid", "tiny.yaml", "seed=4,5", "--seeds", "2"}).exit_code == 2);
  CHECK(place.mlrun({"grid", "tiny.yaml", "optim.lr=1e-3,,3e-4"}).exit_code == 2);
  CHECK(place.mlrun({"grid", "optim.lr=1e-3"}).exit_code == 2);
}

TEST_CASE("the lines of grid -C DIR go to DIR as well") {
  Workplace place;
  std::filesystem::create_directory(place.path("with blank"));
  with_spec(place, "with blank/tiny.yaml");
  const ProgramResult grid = place.mlrun({"-C", "with blank", "grid", "tiny.yaml", "--extra", "-q"});
  REQUIRE(grid.lines().size() == 1);
  const ProgramResult run = place.shell(grid.out, "sh");
  INFO(run.err);
  CHECK(run.exit_code == 0);
}

TEST_CASE("grid refuses a group or tag that train would refuse, before the first line") {
  Workplace place;
  with_spec(place);
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--group", "my runs"}, {"--group", "a@b"}, {"tags=[fine]", "group='a b'"}}) {
    std::vector<std::string> words = {"grid", "tiny.yaml", "optim.lr=1e-3,3e-4"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = place.mlrun(words);
    INFO(more[0] << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.err.find("one word without blanks, commas and @") != std::string::npos);
  }
}

TEST_CASE("grid takes ranges, zipped fields and random draws, and checks them all before it prints") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const auto overrides = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"grid", "tiny.yaml", "--json"});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    std::vector<std::vector<std::string>> all;
    for (const std::string& line : result.lines()) all.push_back(Json::parse(line)["overrides"]);
    return all;
  };
  CHECK(overrides({"seed=1..3"}) == std::vector<std::vector<std::string>>{{"seed=1"}, {"seed=2"}, {"seed=3"}});
  CHECK(overrides({"optim.lr=1e-4..1e-2:log3"}) ==
        std::vector<std::vector<std::string>>{{"optim.lr=1e-4"}, {"optim.lr=0.001"}, {"optim.lr=0.01"}});
  CHECK(overrides({"model.hidden=10..50:3"}) ==
        std::vector<std::vector<std::string>>{{"model.hidden=10"}, {"model.hidden=30"}, {"model.hidden=50"}});
  CHECK(
      overrides({"optim.lr=1e-3,1e-2", "model.hidden=4,8", "--zip"}) ==
      std::vector<std::vector<std::string>>{{"optim.lr=1e-3", "model.hidden=4"}, {"optim.lr=1e-2", "model.hidden=8"}});
  const auto drawn = overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "3"});
  REQUIRE(drawn.size() == 6);
  CHECK(overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "3"}) == drawn);
  const auto fewer = overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "4", "--seed", "3"});
  CHECK(std::equal(fewer.begin(), fewer.end(), drawn.begin()));
  CHECK(overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "4"}) != drawn);
  for (const auto& line : drawn) {
    const double lr = std::stod(line[0].substr(9));
    CHECK(lr >= 1e-4);
    CHECK(lr <= 1e-2);
    const int hidden = std::stoi(line[1].substr(13));
    CHECK(hidden >= 4);
    CHECK(hidden <= 64);
  }
  CHECK(overrides({"optim.lr=1e-3,1e-2", "--random", "2", "--seeds", "2"}).size() == 4);
  const auto refused = [&](std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), {"grid", "tiny.yaml"});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(says(result.err, part));
  };
  refused({"optim.lr=1e-4..1e-2"}, "does not say how many");
  refused({"optim.lr=5..2:3"}, "not below");
  refused({"optim.lr=0..2:log3"}, "above 0");
  refused({"optim.lr=1..x:3"}, "no number");
  refused({"optim.lr=1e-3,1e-2", "model.hidden=4,8,16", "--zip"}, "2 values");
  refused({"optim.lr=1e-3,1e-2", "--random", "5"}, "only 2 different");
  refused({"optim.lr=1e-3", "--seed", "5"}, "--random");
  refused({"optim.lr=-5..-1:3"}, "optim.lr");
}

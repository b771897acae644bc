#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
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

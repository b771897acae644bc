// mlrun eval of several runs at once, as a user types it.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("eval of a group has a row for each of its runs, and says which cannot be judged") {
  const Workplace place;
  const std::string first = place.train({"--group", "lr"}), second = place.train({"--group", "lr", "optim.lr=1e-2"});
  const std::string other = place.train({"optim.lr=2e-2"});
  const ProgramResult both = place.mlrun({"eval", "@group:lr", "--split", "valid"});
  INFO(both.out << both.err);
  REQUIRE(both.exit_code == 0);
  CHECK(both.lines().size() == 4);  // heading, two rows, what is the same of both
  for (const std::string& run : {first, second})
    CHECK(says(both.out, std::filesystem::path(run).filename().string() + "     100"));
  CHECK(says(both.out, "of valid, static"));
  const ProgramResult json = place.mlrun({"eval", "@group:lr", other, "--json", "data.test_limit=50"});
  INFO(json.err);
  REQUIRE(json.lines().size() == 3);
  std::set<std::string> runs;
  for (const std::string& line : json.lines()) {
    const Json answer = Json::parse(line);
    CHECK(answer.at("count") == 50);
    runs.insert(answer.at("run"));
    // What is said of each is what it is told alone.
    const Json alone = Json::parse(place.mlrun({"eval", answer.at("run"), "--json", "data.test_limit=50"}).last_line());
    CHECK(alone.at("nll") == answer.at("nll"));
  }
  CHECK(runs.size() == 3);

  std::filesystem::remove_all(second + "/checkpoints");
  const ProgramResult part = place.mlrun({"eval", "@group:lr"});
  CHECK(part.exit_code == 7);
  CHECK(says(part.err, "has no checkpoint"));
  CHECK(part.lines().size() == 3);
  CHECK(place.mlrun({"eval", "@group:lr", "--per-example", "nll.h5"}).exit_code == 2);
  CHECK(place.mlrun({"eval", "@group:lr", "--region", "top"}).exit_code == 2);
  CHECK(place.mlrun({"eval", "@group:rl"}).exit_code == 2);
}

TEST_CASE("a run without its spec, and one whose journal says nothing, are told of and hide no others") {
  const Workplace place;
  const std::string good = place.train(), bare = place.train({"seed=2"}), torn = place.train({"seed=3"});
  std::filesystem::remove(bare + "/resolved.yaml");
  place.put("garbage", "no journal\n");
  std::filesystem::copy_file(place.path("garbage"), torn + "/metrics.jsonl",
                             std::filesystem::copy_options::overwrite_existing);
  const ProgramResult ls = place.mlrun({"ls"});
  CHECK(ls.exit_code == 0);
  CHECK(says(ls.out, std::filesystem::path(good).filename().string()));
  CHECK(says(ls.out, std::filesystem::path(torn).filename().string()));
  CHECK(says(ls.err,
             std::filesystem::path(bare).filename().string() + " is left out: it has a journal and no resolved.yaml"));
  CHECK(says(ls.err, std::filesystem::path(torn).filename().string() + ": its journal does not say"));
  CHECK(place.mlrun({"plot"}).exit_code == 0);
}

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("watch tells of a run from its files alone, whatever becomes of it") {
  const Workplace place;
  const std::string run = place.train({"eval.every=1 steps"});
  const ProgramResult once = place.mlrun({"watch", "@last", "--samples"});
  INFO(once.out << once.err);
  REQUIRE(once.exit_code == 0);
  CHECK(says(once.out, "finished"));
  CHECK(says(once.out, "100%"));
  CHECK(says(once.out, "step 3/3"));
  CHECK(says(once.out, "\xe2\x96"));  // a sparkline
  for (const std::string& line : once.lines())
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }) < 80);
  const Json answer = Json::parse(place.mlrun({"watch", "--json"}).last_line());
  CHECK(answer["status"] == "finished");
  CHECK(answer["trouble"].is_null());
  fs::remove(run + "/metrics.jsonl");
  const ProgramResult gone = place.mlrun({"watch", run});
  CHECK(gone.exit_code == 0);
  CHECK(says(gone.out, "no journal yet"));
  CHECK(place.mlrun({"watch", "nosuch"}).exit_code == 2);
}

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "cli/text_table.hpp"

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

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("compare shows only what differs, with mean and sample deviation over seeds, best first") {
  const Workplace place;
  std::vector<std::string> runs;
  for (const char* lr : {"optim.lr=1e-4", "optim.lr=0.01"}) {
    for (const char* seed : {"1", "2"}) runs.push_back(place.train({lr, "--seed", seed, "--group", "lr"}));
  }
  ProgramResult result = place.mlrun({"compare", "@group:lr", "--group-by", "seed", "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  REQUIRE(result.lines().size() == 2);
  const Json best = Json::parse(result.lines()[0]), other = Json::parse(result.lines()[1]);
  CHECK(best["valid_nll"]["mean"].get<double>() < other["valid_nll"]["mean"].get<double>());
  CHECK(best["fields"] == Json{{"optim.lr", 0.01}});
  CHECK(best["runs"].size() == 2);
  std::vector<double> nll;
  for (const std::string& line : place.mlrun({"ls", runs[2], runs[3], "--json"}).lines())
    nll.push_back(Json::parse(line)["valid_nll"]);
  REQUIRE(nll.size() == 2);
  CHECK(best["valid_nll"]["mean"].get<double>() == Approx((nll[0] + nll[1]) / 2));
  CHECK(best["valid_nll"]["sd"].get<double>() == Approx(std::abs(nll[0] - nll[1]) / std::sqrt(2.0)));
  // Of several fields in one word, and of runs behind it.
  result = place.mlrun({"compare", "--group-by", "seed,optim.lr", "@group:lr", "--json"});
  INFO(result.err);
  REQUIRE(result.lines().size() == 1);
  CHECK(Json::parse(result.out)["runs"].size() == 4);

  result = place.mlrun({"compare", "@group:lr", "--md"});
  REQUIRE(result.lines().size() == 6);
  CHECK(result.lines()[0] == "| run | seed | optim.lr | status | valid/nll | bits/dim |");
  CHECK(result.lines()[1].find("---") != std::string::npos);
}

TEST_CASE("test results are compared where they were kept") {
  const Workplace place;
  const std::string run = place.train();
  REQUIRE(place.mlrun({"eval", run, "-q"}).exit_code == 0);
  const ProgramResult result = place.mlrun({"compare", run, "--sort", "test/nll", "--json"});
  REQUIRE(result.exit_code == 0);
  const double expected = Json::parse(place.mlrun({"eval", run, "--json"}).last_line())["nll"];
  CHECK(Json::parse(result.out)["test_nll"]["mean"].get<double>() == Approx(expected));
}

TEST_CASE("the same run twice counts once in a mean") {
  const Workplace place;
  for (int i = 0; i < 2; ++i) place.train({"--group", "g"});
  place.train({"--group", "g", "--seed", "2"});
  const ProgramResult result = place.mlrun({"compare", "@group:g", "--group-by", "seed", "--json"});
  REQUIRE(result.lines().size() == 1);
  CHECK(Json::parse(result.out)["valid_nll"]["count"] == 2);
  CHECK(result.err.find("same fingerprint") != std::string::npos);
}

TEST_CASE("runs on other data or binarizations are not ranked unless forced") {
  const Workplace place;
  place.train();
  place.train({"data.binarization=dynamic"});
  ProgramResult result = place.mlrun({"compare", "tiny"});
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(result.err.find("--force") != std::string::npos);
  result = place.mlrun({"compare", "tiny", "--sort", "created"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("dynamic") != std::string::npos);
  result = place.mlrun({"compare", "tiny", "--force"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("by force") != std::string::npos);
  place.train({"data.valid_limit=50"});
  CHECK(place.mlrun({"compare", "tiny", "--sort", "valid/nll"}).exit_code == 2);
}

TEST_CASE("compare names the field nearest to a mistyped one") {
  const Workplace place;
  place.train();
  const ProgramResult result = place.mlrun({"compare", "tiny", "--group-by", "sed"});
  CHECK(result.exit_code == 2);
  CHECK(result.err.find("'seed'") != std::string::npos);
  CHECK(place.mlrun({"compare"}).exit_code == 2);
}

TEST_CASE("compare writes CSV with every number alone, and LaTeX that TeX does not stumble over") {
  const Workplace place;
  for (const char* seed : {"1", "2"}) place.train({"--seed", seed, "--group", "g"});
  const ProgramResult csv = place.mlrun({"compare", "@group:g", "--group-by", "seed", "--csv"});
  REQUIRE(csv.lines().size() == 2);
  CHECK(says(csv.lines()[0], "valid_nll,valid_nll_sd"));
  CHECK(says(csv.lines()[1], "\"static (the program's draw), first"));
  const ProgramResult latex = place.mlrun({"compare", "@group:g", "--latex"});
  CHECK(says(latex.out, "\\begin{tabular}{"));
  CHECK(says(latex.out, "\\toprule"));
  CHECK(place.mlrun({"compare", "@group:g", "--csv", "--latex"}).exit_code == 2);
}

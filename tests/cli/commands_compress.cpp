// prove, compress and decompress, as a user types them.
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("prove prints PASS with a figure and a limit for every check, and exits with 0") {
  Workplace place;
  place.train();
  const ProgramResult table = place.mlrun({"prove", "@last"});
  INFO(table.err);
  REQUIRE(table.exit_code == 0);
  for (const char* name : {"no leak", "finite logits", "parallel == step", "nll == logits", "continuations sum to 1",
                           "entropy of samples", "above the data floor", "figure", "limit"}) {
    CHECK(says(table.out, name));
  }
  CHECK_FALSE(says(table.out, "FAIL"));
  const ProgramResult json = place.mlrun({"prove", "@last", "--json", "--full", "--threads", "1"});
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.last_line());
  CHECK(answer["pass"] == true);
  REQUIRE(answer["checks"].size() == 7);
  for (const Json& check : answer["checks"]) {
    CHECK(check["name"].is_string());
    CHECK(check["pass"] == true);
    CHECK(check["figure"].is_number());
    CHECK(check["limit"].is_number());
  }
}

TEST_CASE("the test split is compressed to its likelihood and comes back, and JSON says so") {
  Workplace place;
  place.train();
  const ProgramResult packed = place.mlrun({"compress", "@last", "split:test", "-o", "packed", "--json"});
  INFO(packed.err);
  REQUIRE(packed.exit_code == 0);
  const Json answer = Json::parse(packed.last_line());
  CHECK(answer["count"] == 100);
  CHECK(answer["bytes"] == place.get("packed").size());
  CHECK(answer["bits"] == answer["bytes"].get<int64_t>() * 8);
  CHECK(answer["packed_bytes"] == 9800);
  CHECK(answer["ratio"].get<double>() == Approx(9800 / answer["bytes"].get<double>()));
  const double excess = answer["bits"].get<double>() - answer["nats"].get<double>() / std::log(2.0);
  CHECK(excess > 0);
  CHECK(excess < 100 * 8 + 64);  // header and stream

  const ProgramResult out = place.mlrun({"decompress", "@last", "packed", "-o", "out.amat", "--json"});
  REQUIRE(out.exit_code == 0);
  CHECK(Json::parse(out.last_line())["count"] == 100);
  REQUIRE(place.mlrun({"compress", "@last", "out.amat", "-o", "again", "--threads", "1"}).exit_code == 0);
  CHECK(place.get("again") == place.get("packed"));
  CHECK(says(place.mlrun({"compress", "@last", "split:test", "-o", "again", "--limit", "10"}).out, "nats/image"));
}

TEST_CASE("mistakes with compressed files have their exit code and one clear message") {
  Workplace place;
  const std::string run = place.train();
  const std::string other = place.train({"seed=2"});
  place.put("notes.txt", "hello");
  REQUIRE(place.mlrun({"compress", run, "split:test", "-o", "packed", "--limit", "5"}).exit_code == 0);
  struct Mistake {
    std::vector<std::string> words;
    int code;
    std::string part;
  };
  const std::vector<Mistake> mistakes = {
      {{"prove", "nosuch"}, 2, "no run 'nosuch'"},
      {{"prove", "notes.txt"}, 7, "not a checkpoint"},
      {{"compress", run, "split:test"}, 2, "--out"},
      {{"compress", run, "split:all", "-o", "x"}, 2, "train, valid or test"},
      {{"compress", run, "nothere.amat", "-o", "x"}, 3, "nothere.amat"},
      {{"compress", run, "notes.txt", "-o", "x"}, 3, "notes.txt:1:1"},
      {{"compress", run, "split:test", "-o", "x", "--limit", "0"}, 2, "limit"},
      {{"compress", run, "split:test", "-o", "/nowhere/x", "--limit", "1"}, 5, "/nowhere"},
      {{"decompress", run, "nothere", "-o", "x"}, 3, "nothere"},
      {{"decompress", run, "notes.txt", "-o", "x"}, 3, "not a file of mlrun compress"},
      {{"decompress", other, "packed", "-o", "x"}, 7, "made with the model"},
  };
  for (const Mistake& m : mistakes) {
    const ProgramResult r = place.mlrun(m.words);
    INFO(m.words[0] << " " << m.words[1] << ": " << r.err);
    CHECK(r.exit_code == m.code);
    CHECK(says(r.err, m.part));
    CHECK(r.out.empty());
  }
  CHECK_FALSE(std::filesystem::exists(place.path("x")));
}

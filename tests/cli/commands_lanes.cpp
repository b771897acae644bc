#include "base/cpu.hpp"
#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;

namespace {

// mlrun on these cores alone, with neither --threads nor MLRUN_THREADS.
ProgramResult on_cores(const Workplace& place, const std::string& cores, std::vector<std::string> words) {
  words.insert(words.begin(), {"taskset", "-c", cores, Workplace::binary()});
  const ProgramResult result = place.run(words);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return result;
}

std::string fingerprint_in(const std::string& validated) {
  const size_t at = validated.find("fingerprint ");
  REQUIRE(at != std::string::npos);
  return validated.substr(at, std::string("fingerprint 123456").size());
}

}  // namespace

TEST_CASE("one spec is one run on one core and on all: the same fingerprint, the same bits") {
  Workplace place;
  const std::vector<int> mine = mlrun::affinity_cores();
  const std::string one = std::to_string(mine.front()),
                    all = one + (mine.size() > 1 ? "," + std::to_string(mine.back()) : "");
  for (const std::string model :
       {"{kind: nade, hidden: 12}", "{kind: sequence, width: 4, layers: 1, mixer: {kind: s4d}}"}) {
    INFO(model);
    place.put("spec.yaml", "data: {kind: digits, train_limit: 96, valid_limit: 20}\nmodel: " + model +
                               "\ntrain: {for: 4 steps, batch_size: 32}\neval: {every: 4 steps, samples: 0}\n");
    CHECK(fingerprint_in(on_cores(place, one, {"validate", "spec.yaml"}).err) ==
          fingerprint_in(on_cores(place, all, {"validate", "spec.yaml"}).err));
    CHECK(on_cores(place, one, {"config", "show", "spec.yaml"}).out ==
          on_cores(place, all, {"config", "show", "spec.yaml"}).out);
    const std::string here = on_cores(place, one, {"train", "spec.yaml", "-q"}).last_line(),
                      there = on_cores(place, all, {"train", "spec.yaml", "-q"}).last_line();
    REQUIRE(here != there);
    const auto bytes = [](const std::string& run) {
      std::ostringstream text;
      text << std::ifstream(run + "/checkpoints/step-000000004.h5", std::ios::binary).rdbuf();
      return text.str();
    };
    REQUIRE(bytes(here).size() > 1000);
    CHECK(bytes(here) == bytes(there));
    // And a finished run on one core is the answer on all.
    const std::string found = on_cores(place, all, {"train", "spec.yaml", "-q", "--if-needed"}).last_line();
    CHECK((found == here || found == there));
  }
}

TEST_CASE("the number behind auto is shown with its rule, and is the same run as that number") {
  Workplace place;
  place.put("spec.yaml", "data: {kind: digits}\nmodel: {kind: made}\ntrain: {batch_size: 100}\n");
  const ProgramResult shown = place.mlrun({"config", "show", "spec.yaml", "--origin"});
  CHECK(says(shown.out, "lanes: 2"));
  CHECK(says(shown.out, "default (auto: about 50 examples a lane)"));
  place.put("sequence.yaml",
            "extends: spec.yaml\nmodel: {kind: sequence, mixer: {kind: mamba2}}\ncompute: {lanes: auto}\n");
  CHECK(says(place.mlrun({"config", "show", "sequence.yaml", "--origin", "train.batch_size=16"}).out,
             "sequence.yaml:3 (auto: about 2 examples a lane)"));
  CHECK(says(place.mlrun({"config", "schema", "compute"}).out, "on any machine"));
  const ProgramResult twice = place.mlrun({"grid", "spec.yaml", "compute.lanes=auto,2"});
  CHECK(twice.exit_code == 2);
  CHECK(says(twice.err, "are the same run"));
}

TEST_CASE("threads that find no lane are mentioned once, with the setting that would use them") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult trained = place.mlrun({"train", "tiny.yaml", "--threads", "5"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  const std::string words =
      "5 threads, and 2 lanes to run on them; compute.lanes=5 uses more of them, and is another run";
  const size_t first = trained.err.find(words);
  REQUIRE(first != std::string::npos);
  CHECK(trained.err.find(words, first + 1) == std::string::npos);
  CHECK_FALSE(says(place.mlrun({"train", "tiny.yaml", "--threads", "2"}).err, "to run on them"));
  CHECK_FALSE(says(place.mlrun({"train", "tiny.yaml", "--threads", "5", "compute.lanes=5"}).err, "to run on them"));
}

// What commands take and say: runs as specs, answers in JSON, the reference, periods, selectors.
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("a run is a spec for validate, train --dry-run, profile, config and grid, by path, id or selector") {
  Workplace place;
  const std::string run = place.train(), id = run.substr(run.rfind('/') + 1);
  for (const std::string& name : {run, id, std::string("@last")}) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"validate", name},
                                               {"train", name, "--dry-run"},
                                               {"config", "show", name},
                                               {"profile", name, "--steps", "1", "--warmup", "1"},
                                               {"grid", name, "seed=1,2"}}) {
      const ProgramResult r = place.mlrun(command);
      INFO(command[0] << ' ' << name << ": " << r.err);
      CHECK(r.exit_code == 0);
    }
  }
  CHECK(place.mlrun({"train", "--resume", run, "--dry-run"}).exit_code == 0);
  const ProgramResult other = place.mlrun({"validate", "@last", "optim.kind=sgd"});
  CHECK(other.exit_code == 0);
  CHECK(says(other.err, "optim.kind=sgd (argument 2) instead of adam drops"));
  CHECK(place.mlrun({"validate", "configs/no.yaml"}).exit_code == 2);
  CHECK(says(place.mlrun({"validate", "specs/no"}).err, "cannot be read"));
}

TEST_CASE("train and validate answer in JSON, on the last line of stdout") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult trained = place.mlrun({"train", "tiny.yaml", "eval.every=1 steps", "--json"});
  REQUIRE(trained.exit_code == 0);
  const Json run = Json::parse(trained.last_line());
  CHECK(run["status"] == "finished");
  CHECK(run["step"] == 3);
  CHECK(run["steps"] == 3);
  CHECK(std::filesystem::exists(run["run"].get<std::string>() + "/run.h5"));
  CHECK(run["valid_nll"].get<double>() > 0);
  CHECK(run["best_step"].get<int>() >= 1);
  const ProgramResult stopped = place.mlrun({"train", "tiny.yaml", "--stop-after", "1 steps", "--json"});
  CHECK(stopped.exit_code == 75);
  CHECK(Json::parse(stopped.last_line())["status"] == "stopped");

  const ProgramResult valid = place.mlrun({"validate", "tiny.yaml", "eval.every=1 steps", "--json"});
  REQUIRE(valid.exit_code == 0);
  const Json answer = Json::parse(valid.last_line());
  CHECK(answer["valid"] == true);
  CHECK(answer["steps"] == 3);
  CHECK(answer["parameters"].get<int>() > 0);
  CHECK(answer["fingerprint"] == run["fingerprint"]);
  const ProgramResult wrong = place.mlrun({"validate", "tiny.yaml", "model.hiden=1", "--json"});
  CHECK(wrong.exit_code == 2);
  CHECK(Json::parse(wrong.last_line())["valid"] == false);
  CHECK(says(Json::parse(wrong.last_line())["error"], "did you mean"));
}

TEST_CASE("config init of every kind of every registry is valid as it is printed") {
  Workplace place;
  const auto kinds_of = [&](const std::string& path) {
    const Json schema = Json::parse(place.mlrun({"config", "schema", path, "--json"}).out);
    const Json* at = &schema;
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, '.');) at = &(*at)["properties"][part];
    std::vector<std::string> kinds = (*at)["properties"]["kind"]["enum"];
    REQUIRE(!kinds.empty());
    return kinds;
  };
  const auto check = [&](const std::vector<std::string>& words) {
    std::vector<std::string> command = {"config", "init"};
    command.insert(command.end(), words.begin(), words.end());
    const ProgramResult init = place.mlrun(command);
    place.put("init.yaml", init.out);
    const ProgramResult valid = place.mlrun({"validate", "init.yaml", "--spec-only"});
    INFO(words.back() << ": " << init.err << valid.err);
    CHECK(init.exit_code == 0);
    CHECK(valid.exit_code == 0);
  };
  // A mixture is of runs, and the starter's of the latest one.
  place.train({"data={kind: digits, train_limit: 40, valid_limit: 10}", "model.kind=fvsbn", "train.for=2 steps"});
  for (const std::string& kind : kinds_of("model")) {
    check({kind});
    check({kind, "data.kind=digits"});
    // With the data there, model and data are found to fit together.
    const ProgramResult whole = place.mlrun({"validate", "init.yaml", "data.train_limit=200", "train.batch_size=20"});
    INFO(kind << ": " << whole.err);
    CHECK(whole.exit_code == 0);
  }
  for (const std::string& kind : kinds_of("data")) check({"sequence", "data.kind=" + kind});
  for (const std::string& kind : kinds_of("optim")) check({"optim.kind=" + kind});
  for (const std::string& kind : kinds_of("schedule")) check({"schedule.kind=" + kind});
  for (const std::string& kind : kinds_of("model.mixer")) check({"sequence", "model.mixer.kind=" + kind});
  for (const char* section : {"quantizer", "rate", "decoder"})
    for (const std::string& kind : kinds_of(std::string("model.") + section))
      check({"vqvae", std::string("model.") + section + ".kind=" + kind});
  CHECK(place.mlrun({"config", "init", "mad"}).exit_code == 2);
  CHECK(place.mlrun({"config", "init", "made", "model.hiden=3"}).exit_code == 2);
}

TEST_CASE("config schema knows every field, under whichever kinds have it") {
  Workplace place;
  const auto schema = [&](const std::string& path) {
    const ProgramResult r = place.mlrun({"config", "schema", path});
    INFO(path << ": " << r.err);
    CHECK(r.exit_code == 0);
    return r.out;
  };
  CHECK(says(schema("optim.lr"), "lr: 0.001"));
  CHECK(says(schema("train.for"), "for: 20 epochs"));
  CHECK(says(schema("model."), "hidden:"));
  CHECK(schema("model.") == schema("model"));
  CHECK(says(schema("model.mixer."), "# s4d"));
  CHECK(says(schema("model.mixer.s4d"), "states:"));
  CHECK(says(schema("model.mixer.kind"), "mamba2"));
  CHECK(says(schema("model.sequence.mixer.lru"), "lru"));
  CHECK(says(schema("model.quantizer.of.codes"), "codes: "));
  CHECK(says(schema("schedule.every"), "end of the warm-up"));
  CHECK(says(schema("eval.every"), "clock"));
  const std::string hidden = schema("model.hidden");  // kinds differ in it
  CHECK(says(hidden, "# with model.kind="));
  CHECK(says(hidden, "model.kind=made"));
  CHECK(says(hidden, "model.kind=nade"));
  // Every field that the whole reference lists, of every model.
  const ProgramResult all = place.mlrun({"config", "schema", "model", "--json"});
  const std::function<void(const Json&, const std::string&)> visit = [&](const Json& section, const std::string& path) {
    for (const auto& [name, field] : section["properties"].items()) {
      if (name == "extends") continue;
      const std::string below = path.empty() ? name : path + "." + name;
      schema(below);
      if (field.contains("properties")) visit(field, below);
    }
  };
  visit(Json::parse(all.out), "");
  const ProgramResult wrong = place.mlrun({"config", "schema", "optim.lrr"});
  CHECK(wrong.exit_code == 2);
  CHECK(says(wrong.err, "did you mean 'optim.lr'?"));
}

TEST_CASE("eval on other data says so, and leaves nothing in the run") {
  Workplace place;
  const std::string run = place.train();
  place.put("data/rows.csv", [] {
    std::string text;
    for (int row = 0; row < 20; ++row)
      for (int column = 0; column < 784; ++column) text += column == 783 ? "1\n" : row % 2 == 0 ? "0," : "1,";
    return text;
  }());
  const ProgramResult r = place.mlrun({"eval", run, "data.kind=table", "data.train=rows.csv", "data.valid=rows.csv",
                                       "data.test=rows.csv", "data.shape=[28, 28]"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(says(r.err, "data.kind=table (argument 2) instead of digits drops"));
  CHECK(says(r.out, "on other data than it was trained on"));
  CHECK(std::filesystem::is_empty(run + "/evals"));
  const ProgramResult same = place.mlrun({"eval", run, "--json"});
  REQUIRE(same.exit_code == 0);
  CHECK(Json::parse(same.last_line())["other_data"] == false);
  CHECK(!std::filesystem::is_empty(run + "/evals"));
  const ProgramResult limited = place.mlrun({"eval", run, "data.test_limit=50", "--json"});
  REQUIRE(limited.exit_code == 0);
  const Json answer = Json::parse(limited.last_line());
  CHECK(answer["other_data"] == true);
  CHECK(answer["trained_on"] != answer["data"]);
  CHECK(says(place.mlrun({"eval", run, "data.test_limit=50", "--region", "top"}).out, "on other data than"));
  CHECK(place.mlrun({"eval", run, "optim.lr=1"}).exit_code == 2);
}

TEST_CASE("evaluations by the clock leave the weights of a step as they are") {
  Workplace place;
  const auto weights = [&](const std::string& run) {
    const ProgramResult r = place.mlrun({"sample", run, "--which", "last", "-n", "4", "-o", "-"});
    CHECK(r.exit_code == 0);
    return r.out;
  };
  const std::string by_steps = place.train({"train.for=40 steps", "eval.every=40 steps"});
  for (const char* period : {"0.00001 min", "1e-7 hours", "2 h"}) {
    const std::string by_clock = place.train({"train.for=40 steps", std::string("eval.every=") + period,
                                              "train.log_every=0.0001 min", "checkpoint.every=1 h"});
    const Json shown = Json::parse(place.mlrun({"train", "--resume", by_clock, "-q", "--json"}).last_line());
    CHECK(shown["step"] == 40);
    CHECK(weights(by_clock) == weights(by_steps));
  }
  // The rate of learning is never by the clock: equal specs would learn otherwise.
  const ProgramResult refused = place.mlrun({"validate", "tiny.yaml", "schedule.warmup=1 min"});
  CHECK(refused.exit_code == 2);
  CHECK(says(refused.err, "by the clock"));
  CHECK(place.mlrun({"train", "tiny.yaml", "--stop-after", "2 h"}).exit_code == 0);
}

TEST_CASE("a folder that is no run, and a selector with a slip, are answered with what was meant") {
  Workplace place;
  std::filesystem::create_directory(place.path("configs"));
  const ProgramResult none = place.mlrun({"eval", "configs"});
  CHECK(none.exit_code == 2);
  CHECK(says(none.err, "configs is a directory, and neither a run nor one that holds runs"));
  const std::string run = place.train(), id = run.substr(run.rfind('/') + 1);
  const ProgramResult holds = place.mlrun({"eval", "runs"});
  CHECK(holds.exit_code == 2);
  CHECK(says(holds.err, "runs/" + id));
  const ProgramResult part = place.mlrun({"eval", run + "/checkpoints/"});
  CHECK(part.exit_code == 2);
  CHECK(says(part.err, "the run is   " + run));
  for (const auto& [typed, meant] : std::map<std::string, std::string>{
           {"@lst", "'@last'"}, {"@bst", "'@best'"}, {"@best:valid/nl", "valid/nll"}, {"@grup:x", "@group:NAME"}}) {
    const ProgramResult r = place.mlrun({"eval", typed});
    INFO(r.err);
    CHECK(r.exit_code == 2);
    CHECK(says(r.err, meant));
  }
}

// What a run says of itself, and which run is an answer, as a user meets it.
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

Json summary(const Workplace& place, const std::string& run) {
  return Json::parse(place.mlrun({"show", run, "--json"}).last_line());
}

}  // namespace

TEST_CASE("a fine-tuning run killed before its first checkpoint and resumed is the one that was never stopped") {
  const Workplace place;
  const std::string origin = place.train({"-o", "origin"});
  const std::vector<std::string> words = {
      "train",  "tiny.yaml", "train.for=4000 steps", "eval.every=4000 steps", "-q", "model.hidden=8",
      "--from", "origin"};
  std::vector<std::string> whole = words, killed = words;
  whole.insert(whole.end(), {"-o", "whole"});
  REQUIRE(place.mlrun(whole).exit_code == 0);
  killed.insert(killed.begin(), Workplace::binary());
  killed.insert(killed.end(), {"-o", "killed"});
  const Workplace::Started started = place.start(killed);
  while (!std::filesystem::exists(place.path("killed/resolved.yaml")))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(started.pid, SIGKILL);
  place.wait(started);
  REQUIRE_FALSE(std::filesystem::exists(place.path("killed/checkpoints/step-000004000.h5")));
  std::filesystem::remove_all(place.path("origin"));
  REQUIRE(place.mlrun({"train", "--resume", "killed", "-q"}).exit_code == 0);
  const std::string last = "/checkpoints/step-000004000.h5";
  CHECK(place.get("killed" + last) == place.get("whole" + last));
  for (const char* file : {"whole/resolved.yaml", "whole/metrics.jsonl"}) CHECK(says(place.get(file), "origin"));
  CHECK(says(place.mlrun({"show", "whole"}).out, "origin       origin at step 3"));
  CHECK(summary(place, "whole")["origin"]["step"] == 3);
}

TEST_CASE("compare says that runs began from other weights, and which is no exact one") {
  const Workplace place;
  const std::string plain = place.train(), tuned = place.train({"--from", plain});
  const std::string longer = place.train({"schedule.kind=cosine", "--name", "longer"});
  REQUIRE(place.mlrun({"train", "--resume", longer, "train.for=5 steps", "-q"}).exit_code == 0);
  const std::string id = plain.substr(plain.rfind('/') + 1);
  const ProgramResult table = place.mlrun({"compare", plain, tuned, "--md"});
  CHECK(says(table.lines()[0], "| run | origin |"));
  CHECK(says(table.out, id + " at step 3"));
  const ProgramResult inexact = place.mlrun({"compare", plain, longer, "--md"});
  CHECK(says(inexact.lines()[0], "| history |"));
  CHECK(says(inexact.out, "inexact: 3 steps of"));
  CHECK(says(place.mlrun({"show", longer}).out, "history      steps 1 to 3 as "));
  const ProgramResult same = place.mlrun({"compare", plain, place.train({"--tag", "again"}), "--md"});
  CHECK_FALSE(says(same.lines()[0], "origin"));
  CHECK(says(same.err, "do not differ"));
}

TEST_CASE("--if-needed is answered by the run that was asked for, and by no other") {
  const Workplace place;
  const std::string plain = place.train();
  CHECK(place.train({"--if-needed"}) == plain);
  const std::string tuned = place.train({"--from", plain, "--if-needed"});
  CHECK(tuned != plain);
  CHECK(place.train({"--from", plain, "--if-needed"}) == tuned);
  CHECK(place.train({"--if-needed"}) == plain);

  std::filesystem::remove_all(plain + "/checkpoints");
  const ProgramResult again = place.mlrun({"train", "tiny.yaml", "--if-needed"});
  CHECK(again.exit_code == 0);
  CHECK(again.last_line() != plain);
  CHECK(says(again.err, "no checkpoint that can be used"));

  const std::string three = place.train({"train.for=3 epochs", "--seed", "9"});
  const ProgramResult less = place.mlrun({"train", "--resume", three, "train.for=1 epoch"});
  CHECK(less.exit_code == 2);
  CHECK(less.out.empty());
  CHECK(says(less.err, "has trained 12 steps"));
  CHECK(summary(place, three)["spec"]["train.for"] == "3 epochs");
  const std::string one = place.train({"train.for=1 epoch", "--seed", "9", "--if-needed"});
  CHECK(one != three);
}

TEST_CASE("a run that is asked for in another group or with other tags is found there too") {
  const Workplace place;
  const std::string run = place.train({"--group", "first", "--tag", "a"});
  const ProgramResult answer =
      place.mlrun({"train", "tiny.yaml", "--if-needed", "--group", "second", "--tag", "a", "--tag", "b"});
  CHECK(answer.last_line() == run);
  CHECK(says(answer.err, "from now on it is also in group second, and found by tag b"));
  const std::string other = place.train({"--group", "second", "--seed", "2", "--if-needed"});
  CHECK(place.mlrun({"compare", "@group:second", "--json"}).lines().size() == 2);
  CHECK(place.mlrun({"compare", "@group:first", "--json"}).lines().size() == 1);
  CHECK(place.mlrun({"ls", "--group", "second", "--json"}).lines().size() == 2);
  CHECK(place.mlrun({"ls", "@tag:b", "--json"}).lines().size() == 1);
  CHECK(summary(place, run)["groups"] == Json({"first", "second"}));
  CHECK(summary(place, run)["tags"] == Json({"a", "b"}));
  CHECK(says(place.mlrun({"show", run}).out, "group        first, second"));
  // Asked again there is nothing to add; and of two answers the one that is in the group is taken.
  CHECK_FALSE(says(place.mlrun({"train", "tiny.yaml", "--if-needed", "--group", "second"}).err, "from now on"));
  const std::string twin = place.train({"--group", "third"});
  CHECK(place.train({"--if-needed", "--group", "third"}) == twin);
  CHECK(place.train({"--if-needed"}) == run);
}

TEST_CASE("a run that is held is an answer all the same, and it is said that it could not be labelled") {
  const Workplace place;
  const std::string run = place.train({"--group", "first"});
  const ProgramResult held = place.shell("flock " + run + "/.lock mlrun train tiny.yaml --if-needed --group second");
  CHECK(held.exit_code == 0);
  CHECK(held.last_line() == run);
  CHECK(says(held.err, "could not be recorded"));
  CHECK(summary(place, run)["groups"] == Json({"first"}));
}

TEST_CASE("profile needs no weights to begin from, and config init of everything is a spec") {
  const Workplace place;
  const std::string run = place.train(), tuned = place.train({"--from", run});
  std::filesystem::remove_all(run);
  CHECK(place.mlrun({"profile", tuned + "/resolved.yaml", "--steps", "1", "--warmup", "1"}).exit_code == 0);
  CHECK(place.shell("mlrun config init made > init.yaml && mlrun validate init.yaml 'data={kind: digits}'").exit_code ==
        0);
  CHECK(says(place.mlrun({"config", "schema", "origin"}).out, "sha256"));
}

TEST_CASE("--group, --tag and --name of a resumed run are applied, and its own stay where none is given") {
  const Workplace place;
  const std::string run = place.train({"--group", "first", "--tag", "a"});
  const ProgramResult resumed =
      place.mlrun({"train", "--resume", run, "--group", "second", "--tag", "b", "--name", "renamed"});
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.last_line() == run);
  CHECK(says(resumed.err, "also in group second, and found by tag b"));
  CHECK(says(resumed.err, "its directory keeps its name"));
  const Json after = summary(place, run);
  CHECK(after["groups"] == Json({"first", "second"}));
  CHECK(after["tags"] == Json({"a", "b"}));
  CHECK(after["name"] == "renamed");
  CHECK(after["status"] == "finished");
  CHECK(place.mlrun({"train", "tiny.yaml", "--resume", run, "-q"}).exit_code == 0);
  CHECK(summary(place, run)["spec"]["group"] == "second");
  CHECK(summary(place, run)["spec"]["name"] == "renamed");
}

TEST_CASE("--from is refused for the text of other characters, however many they are") {
  const Workplace place;
  std::string text;
  for (int i = 0; i < 400; ++i) text += "abcab cb";
  place.put("data/one.txt", text);
  for (char& c : text) c = c == 'c' ? 'z' : c;
  place.put("data/two.txt", text);
  place.put("text.yaml",
            "data: {kind: text, file: one.txt, length: 16}\nmodel: {kind: sequence, width: 4, layers: 1, mixer: {kind: "
            "gru}}\ntrain: {for: 2 steps, batch_size: 10}\ncompute: {lanes: 1}\n");
  REQUIRE(place.mlrun({"train", "text.yaml", "-o", "one", "-q"}).exit_code == 0);
  const ProgramResult other = place.mlrun({"train", "text.yaml", "data.file=two.txt", "--from", "one", "-o", "two"});
  CHECK(other.exit_code == 7);
  CHECK(says(other.err, "characters of the text: 'c' there, 'z' here"));
  CHECK_FALSE(std::filesystem::exists(place.path("two")));
  CHECK(place.mlrun({"train", "text.yaml", "--from", "one", "-o", "two", "-q"}).exit_code == 0);
  // Another length is another order of positions.
  const ProgramResult longer = place.mlrun({"train", "text.yaml", "data.length=32", "--from", "one", "-q"});
  CHECK(longer.exit_code == 7);
  CHECK(says(longer.err, "shape of the data: [16] there, [32] here"));
}

TEST_CASE("validate and --dry-run look at the weights to begin from") {
  const Workplace place;
  const std::string run = place.train();
  CHECK(place.mlrun({"validate", "tiny.yaml", "origin.checkpoint=" + run}).exit_code == 0);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"validate", "tiny.yaml", "model.hidden=9", "origin.checkpoint=" + run},
        std::vector<std::string>{"train", "tiny.yaml", "model.hidden=9", "--from", run, "--dry-run"}}) {
    const ProgramResult r = place.mlrun(words);
    CHECK(r.exit_code == 7);
    CHECK(says(r.err, "model.hidden: [8] there, [9] here"));
  }
  const ProgramResult nowhere = place.mlrun({"train", "tiny.yaml", "--from", "nosuch"});
  CHECK(nowhere.exit_code == 2);
  CHECK(says(nowhere.err, "no run 'nosuch'"));
}

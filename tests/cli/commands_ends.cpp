// How a training ends, and what it says then: a signal, patience, a divergence, a run that was finished before.
#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "patience.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;

namespace {

// A training that has begun and goes on until a signal comes.
Workplace::Started endless(const Workplace& place, const std::string& run,
                           const std::vector<std::string>& before = {}) {
  place.put("tiny.yaml", Workplace::tiny_spec());
  std::vector<std::string> words = before;
  words.insert(words.end(), {"train", "tiny.yaml", "train.for=100000000 steps", "eval.every=100000000 steps",
                             "train.log_every=1 step", "-o", run});
  words.insert(words.begin(), Workplace::binary());
  const Workplace::Started started = place.start(words);
  for (int i = 0; i < 1000 && !says(place.get(run + "/metrics.jsonl"), "\"table\":\"train\""); ++i) ::usleep(20'000);
  return started;
}

// The command that a message advises, after these words.
std::string advised(const std::string& text, const std::string& words) {
  const size_t at = text.find(words);
  REQUIRE(at != std::string::npos);
  const size_t begin = at + words.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("a signal is answered at once, and the last line goes on with the run as it stands there") {
  struct Signal {
    int number, code;
  };
  for (const auto& [number, code] : {Signal{SIGINT, 130}, Signal{SIGTERM, 143}, Signal{SIGHUP, 143}}) {
    Workplace place;
    const Workplace::Started started = endless(place, "a run");
    ::kill(started.pid, number);
    const ProgramResult r = place.wait(started);
    INFO(r.err);
    CHECK(r.exit_code == code);
    CHECK(r.last_line() == "a run");
    const size_t answer = r.err.find("finishing the step, then saving"), end = r.err.find("interrupted at step");
    REQUIRE(answer != std::string::npos);
    CHECK(answer < end);
    const std::string command = advised(r.err, "go on with   ");
    CHECK(command == Workplace::binary() + " train --resume 'a run'");
    CHECK(place.shell(command + " --stop-after '2 steps'").exit_code == 75);
  }
}

TEST_CASE("a disk that is full ends a run with the line to go on with when there is room") {
  Workplace place;
  place.train();  // the data are in the cache then
  const ProgramResult full = place.shell(
      "ulimit -f 8; exec mlrun -q train tiny.yaml 'model.hidden=[100]' 'train.for=4 steps' 'eval.every=2 steps'");
  INFO(full.err);
  CHECK(full.exit_code == 5);
  const std::string command = advised(full.err, "go on with   ");
  const ProgramResult again = place.shell(command);
  INFO(again.err);
  CHECK(again.exit_code == 0);
}

TEST_CASE("the line to go on with knows of -C, and -q says nothing") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r =
      place.shell("mkdir sub; cp tiny.yaml sub; mlrun -C sub train tiny.yaml -o r --stop-after '1 step'");
  CHECK(r.exit_code == 75);
  const std::string command = advised(r.err, "go on with   ");
  CHECK(place.shell(command).exit_code == 0);
  const ProgramResult quiet = place.mlrun({"-q", "train", "tiny.yaml", "-o", "q", "--stop-after", "1 step"});
  CHECK(quiet.exit_code == 75);
  CHECK_FALSE(says(quiet.err, "go on with"));
  Workplace other;
  const Workplace::Started started = endless(other, "q", {"-q"});
  ::kill(started.pid, SIGINT);
  const std::string err = other.wait(started).err;
  CHECK_FALSE((says(err, "finishing") || says(err, "go on with")));
}

TEST_CASE("a stop by patience says so, on the screen and in the journal") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r = place.mlrun(
      {"train", "tiny.yaml", "train.for=500 steps", "eval.every=1 step", "optim.lr=0", "train.patience=3", "-o", "p"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(r.out == "p\n");
  CHECK(says(r.err, "p is finished: no new best in 3 evaluations (train.patience)"));
  CHECK(says(place.get("p/metrics.jsonl"), "\"reason\":\"no new best in 3 evaluations (train.patience)\""));
  CHECK(says(place.mlrun({"ls", "p"}).out, "finished (patience)"));
  CHECK(says(place.mlrun({"show", "p"}).out, "finished: no new best in 3 evaluations (train.patience)"));
}

TEST_CASE("a diverged run says where it is: its directory on stdout, NaN in words") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r =
      place.mlrun({"train", "tiny.yaml", "optim={kind: sgd, lr: 1e30}", "train.for=50 steps", "-o", "d"});
  INFO(r.err);
  CHECK(r.exit_code == 4);
  CHECK(r.out == "d\n");
  CHECK(says(r.err, "diverged at step"));
  CHECK((says(r.err, "NaN") || says(r.err, "Inf")));
  CHECK_FALSE(says(r.err, "nan"));
}

TEST_CASE("resuming a finished run says that it was finished, and how to make it longer") {
  Workplace place;
  const std::string run = place.train();
  const std::string before = place.shell("cat " + run + "/checkpoints/*").out;
  const ProgramResult r = place.mlrun({"train", "--resume", run});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(r.out == run + "\n");
  CHECK(says(r.err, "was finished before; nothing was trained"));
  CHECK(place.shell("cat " + run + "/checkpoints/*").out == before);
}

TEST_CASE("a dry run says what it does, and writes nothing") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r = place.mlrun({"train", "tiny.yaml", "--dry-run"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(says(r.err, "dry run: up to 3 steps on the real data, at most 60 s; nothing is written"));
  CHECK(says(r.out, "the fastest of 3"));
  CHECK(std::filesystem::is_empty(place.runs()));
  const auto answer = nlohmann::json::parse(place.mlrun({"train", "tiny.yaml", "--dry-run", "--json"}).last_line());
  CHECK(answer["steps_done"] == 3);
}

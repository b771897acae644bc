// What cannot be printed must not kill; who reads may leave; options that are no numbers.
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;

TEST_CASE("a stderr that takes nothing ends no training, and no message is lost in an abort") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  place.put("bad.yaml", "model: {kind: mad}\n");
  const std::string train = "mlrun train tiny.yaml eval.every='1 step' -o ";
  CHECK(place.shell(train + "full 2>/dev/full").exit_code == 0);
  CHECK(place.shell(train + "closed 2>&-").exit_code == 0);
  CHECK(place.shell(train + "left 2> >(exec 0<&-); exit $?").exit_code == 0);
  for (const char* run : {"full", "closed", "left"}) {
    CHECK(says(place.get(std::string(run) + "/metrics.jsonl"), "\"status\":\"finished\""));
  }
  for (const char* redirected : {"2>/dev/full", "2>&-"}) {
    INFO(redirected);
    const std::string to(redirected);
    CHECK(place.shell("mlrun eval nosuch " + to).exit_code == 2);
    CHECK(place.shell("mlrun train bad.yaml " + to).exit_code == 2);  // all mistakes of a spec
    CHECK(place.shell("mlrun evla " + to).exit_code == 2);            // a command line
    CHECK(place.shell("mlrun config schema " + to).exit_code == 0);
  }
}

TEST_CASE("a reader that leaves early is no error: the command is quiet, with 141") {
  Workplace place;
  const std::string run = place.train();
  for (const std::string& command : std::vector<std::string>{"config schema",
                                                             "config schema --json",
                                                             "config show tiny.yaml",
                                                             "config init",
                                                             "--help",
                                                             "train --help",
                                                             "ls",
                                                             "ls --json",
                                                             "show @last",
                                                             "show @last --json --spec",
                                                             "compare " + run + " " + run,
                                                             "completion bash",
                                                             "hippo",
                                                             "hippo --json",
                                                             "doctor",
                                                             "grid tiny.yaml optim.lr=1e-3,1e-4",
                                                             "data ls",
                                                             "eval @last --json",
                                                             "sample @last -n 200 -o -",
                                                             "prove @last"}) {
    // The reader has left before the first word: the shell itself was the only one.
    const ProgramResult r =
        place.shell("rm -f gone && mkfifo gone && exec 3<>gone 4>gone 3>&- && mlrun -q " + command + " >&4");
    INFO(command << ": " << r.err);
    CHECK(r.exit_code == 141);
    CHECK(r.err.empty());
  }
}

TEST_CASE("an answer that does not fit on the disk is exit code 5") {
  Workplace place;
  const std::string run = place.train();
  for (const std::string& command :
       std::vector<std::string>{"config schema", "--help", "--version", "ls", "show @last", "eval @last", "hippo",
                                "sample @last -n 200 -o -", "completion zsh", "watch --once", "watch --once --json",
                                "plot @last", "compare @last"}) {
    const ProgramResult r = place.shell("mlrun -q " + command + " >/dev/full");
    INFO(command << ": " << r.err);
    CHECK(r.exit_code == 5);
    CHECK(says(r.err, "error: cannot write the answer to stdout: No space left on device"));
  }
}

TEST_CASE("a number that is none is refused in words, by every option that takes one") {
  Workplace place;
  const std::string run = place.train();
  struct Numbers {
    std::string command;
    std::vector<std::string> options;
  };
  const std::vector<Numbers> all = {
      {"sample @last",
       {"-n", "--temperature", "--top-k", "--top-p", "--seed", "--length", "--batch", "--scale", "--threads"}},
      {"eval @last", {"--orders", "--draws", "--codes", "--threads"}},
      {"prove @last", {"--threads"}},
      {"compress @last split:test -o x", {"--limit", "--threads"}},
      {"hippo", {"--order", "--length", "--window", "--seed"}},
      {"profile tiny.yaml", {"--steps", "--warmup", "--max-seconds", "--sample", "--threads"}},
      {"ls", {"-n"}},
      {"grid tiny.yaml", {"--seeds"}},
      {"train tiny.yaml --dry-run", {"--threads", "--seed"}},
  };
  for (const Numbers& numbers : all) {
    for (const std::string& option : numbers.options) {
      for (const char* bad : {"nan", "inf", "1e999", "x", "''", "0x10"}) {
        const ProgramResult r = place.shell("mlrun " + numbers.command + " " + option + " " + bad);
        INFO(numbers.command << " " << option << " " << bad << ": " << r.err);
        CHECK(r.exit_code == 2);
        CHECK(says(r.err, "expected"));
      }
    }
  }
  const ProgramResult zero = place.mlrun({"sample", "@last", "--temperature", "0"});
  CHECK(says(zero.err, "--temperature: expected a number from 1e-6 to 1e6, found '0'"));
  CHECK(says(zero.err, "--top-k 1"));
  CHECK(place.mlrun({"sample", "@last", "-n", "2", "--top-k", "1", "-o", "-"}).exit_code == 0);
  CHECK(place.mlrun({"sample", "@last", "-n", "1e1", "-o", "-"}).lines().size() == 10);  // as in a spec
}

TEST_CASE("an option that says nothing is a mistake, and never as if it were not there") {
  Workplace place;
  place.train();
  // As of a shell's variable that was never set. What a training begins from, or samples are to be, is not left out.
  const std::vector<std::pair<std::string, std::string>> all = {
      {"train tiny.yaml", "--from --resume --group --name --run-dir --stop-after --tag"},
      {"sample @last", "--match --grammar --json-schema --mask --draft --stop --out --grid --complete --images"},
      {"eval @last", "--match --region --per-example"},
      {"plot @last", "--out --range --metric"},
      {"grid tiny.yaml seed=1,2", "--group"},
      {"export @last", "--out"},
      {"ls", "--where --group"}};
  for (const auto& [command, options] : all) {
    std::istringstream words(options);
    for (std::string option; words >> option;) {
      const ProgramResult r = place.shell("mlrun " + command + " " + option + " ''");
      INFO(command << " " << option << ": " << r.err);
      CHECK(r.exit_code == 2);
      CHECK(says(r.err, option + ": expected a word, found ''"));
    }
  }
  CHECK(place.mlrun({"grid", "tiny.yaml", "seed=1,2", "--extra", ""}).exit_code == 0);
}

TEST_CASE("what does not fit is refused with its size before anything is done") {
  Workplace place;
  const std::string run = place.train();
  const ProgramResult sheet = place.mlrun({"sample", "@last", "--grid", "1000x1000", "-o", "s.png"});
  INFO(sheet.err);
  CHECK(sheet.exit_code == 2);
  CHECK(says(sheet.err, "1000000 pictures would have 120008 x 120008 pixels"));
  const ProgramResult model = place.mlrun({"train", "tiny.yaml", "model.hidden=[1048576, 1048576]"});
  INFO(model.err);
  CHECK(model.exit_code == 2);
  CHECK(says(model.err, "parameters needs"));
  CHECK(says(model.err, "GB of memory"));
  CHECK(place.mlrun({"validate", "tiny.yaml", "model.hidden=[1048576, 1048576]"}).exit_code == 2);
}

#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

Json finding(const Json& answer, const std::string& what) {
  for (const Json& f : answer["findings"])
    if (f["what"] == what) return f;
  FAIL("no finding '" + what + "'");
  return {};
}

}  // namespace

TEST_CASE("doctor is content with a machine that can train, and every warning has a remedy") {
  const Workplace place;
  const ProgramResult result = place.mlrun({"doctor", "--json"});
  INFO(result.out);
  CHECK(result.exit_code == 0);
  const Json answer = Json::parse(result.last_line());
  CHECK(answer["pass"] == true);
  for (const Json& f : answer["findings"]) CHECK((f["state"] == "ok" || !f["remedy"].get<std::string>().empty()));
  CHECK(finding(answer, "denormals")["state"] == "ok");
  CHECK(finding(answer, "data root")["state"] == "warning");  // the data folder of this test is empty
  CHECK(finding(answer, "run root")["found"].get<std::string>().find(place.runs()) == 0);
  CHECK(std::filesystem::is_empty(place.runs()));
  CHECK(place.mlrun({"doctor"}).out.find("denormals") != std::string::npos);
}

TEST_CASE("doctor fails where runs cannot be written or threads make no sense") {
  Workplace place;
  place.put("a file", "");
  place.set("MLRUN_RUN_ROOT", place.path("a file/runs"));
  ProgramResult result = place.mlrun({"doctor", "--json"});
  CHECK(result.exit_code == 1);
  CHECK(finding(Json::parse(result.out), "run root")["state"] == "FAIL");
  place.set("MLRUN_RUN_ROOT", place.path("not/made/yet"));
  CHECK(place.mlrun({"doctor"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(place.path("not")));
  place.set("MLRUN_THREADS", "many");
  CHECK(place.mlrun({"doctor"}).exit_code == 1);
}

TEST_CASE("doctor says which instruction sets the CPU has and which are in force") {
  Workplace place;
  place.set("MLRUN_MAX_ISA", "");
  const Json free = finding(Json::parse(place.mlrun({"doctor", "--json"}).out), "instructions");
  const std::string has = free["found"].get<std::string>().substr(0, free["found"].get<std::string>().find(' '));
  CHECK((has == "sse4" || has == "avx2" || has == "avx512" || has == "amx"));

  place.set("MLRUN_MAX_ISA", "sse4");
  const ProgramResult limited = place.mlrun({"doctor", "--json"});
  CHECK(limited.err == "");
  const std::string found = finding(Json::parse(limited.out), "instructions")["found"];
  INFO(found);
  CHECK(found.rfind(has + "  oneDNN sse41; MLRUN_MAX_ISA=sse4", 0) == 0);
  if (has != "sse4") CHECK(found.find("limits all kernels to sse4") != std::string::npos);
  CHECK(found.find("bf16") == std::string::npos);

  place.set("MLRUN_MAX_ISA", "amx");
  if (has == "amx") return;
  const ProgramResult beyond = place.mlrun({"doctor", "--json"});
  CHECK(beyond.exit_code == 0);
  CHECK(beyond.err == "warning: MLRUN_MAX_ISA=amx limits nothing: this CPU has no more than " + has + "\n");
  CHECK(finding(Json::parse(beyond.out), "instructions")["state"] == "warning");
}

TEST_CASE("an unknown instruction set is a wrong command line, whatever the command") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  place.set("MLRUN_MAX_ISA", "avx3");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"doctor"}, {"train", "tiny.yaml"}, {"data", "ls"}}) {
    const ProgramResult result = place.mlrun(command);
    CHECK(result.exit_code == 2);
    CHECK(result.err == "error: MLRUN_MAX_ISA=avx3: expected one of sse4, avx2, avx512, amx\n");
  }
  CHECK(std::filesystem::is_empty(place.runs()));
}

TEST_CASE("a run says in its environment which instruction sets it used") {
  Workplace place;
  place.set("MLRUN_MAX_ISA", "sse4");
  const std::string run = place.train();
  CHECK(Json::parse(place.mlrun({"show", run, "--json"}).last_line())["environment"]["isa"] == "sse4");
}

TEST_CASE("doctor warns of a picture that a locale cannot show") {
  Workplace place;
  place.set("LC_ALL", "C");
  CHECK(finding(Json::parse(place.mlrun({"doctor", "--json"}).out), "locale")["state"] == "warning");
}

TEST_CASE("doctor sees the training that runs on the same cores") {
  const Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const auto training = place.start({Workplace::binary(), "train", "tiny.yaml", "-q", "train.for=1000000 steps",
                                     "model.hidden=500", "eval.every=1000000 steps"});
  bool seen = false;
  for (int attempt = 0; attempt < 100 && !seen; ++attempt) {
    const Json found = finding(Json::parse(place.mlrun({"doctor", "--json"}).out), "neighbours");
    seen = found["state"] == "warning" &&
           found["found"].get<std::string>().find("pid " + std::to_string(training.pid)) != std::string::npos;
  }
  CHECK(seen);
  ::kill(training.pid, SIGKILL);
  CHECK(place.wait(training).exit_code == 128 + SIGKILL);
  CHECK(finding(Json::parse(place.mlrun({"doctor", "--json"}).out), "neighbours")["found"].get<std::string>().find(
            "pid " + std::to_string(training.pid)) == std::string::npos);
}

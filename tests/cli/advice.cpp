// Every command that a message advises runs as it is printed, from where the user stands.
#include <fstream>
#include <regex>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;

namespace {

// Commands in a message: each begins with the program as it was called, after three blanks or "See: ", and ends its
// line.
std::vector<std::string> advised(const ProgramResult& r, const std::string& program) {
  std::vector<std::string> commands;
  std::istringstream lines(r.err + "\n" + r.out);
  for (std::string line; std::getline(lines, line);)
    for (const char* mark : {"   ", "See: "}) {
      const size_t at = line.rfind(mark + program + " ");
      if (at == std::string::npos) continue;
      commands.push_back(line.substr(at + std::string(mark).size()));
      break;
    }
  return commands;
}

// What was typed failed, and advised as many commands; each of them runs.
void advice_runs(const Workplace& place, const std::string& typed, size_t count = 1) {
  const ProgramResult failed = place.shell(typed);
  INFO(typed << "\n" << failed.err);
  CHECK(failed.exit_code != 0);
  const std::string program = typed.substr(0, typed.find(' '));
  const std::vector<std::string> commands = advised(failed, program);
  CHECK(commands.size() == count);
  for (const std::string& command : commands) {
    const ProgramResult r = place.shell(command);
    INFO(command << "\n" << r.err);
    CHECK(r.exit_code == 0);
  }
}

}  // namespace

TEST_CASE("what a mistake in a spec or a command line advises runs, for every part of a spec") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  for (const char* mistake : {"model.hiden=3", "model.kind=mad", "data.binarisation=static", "optim.lrr=1",
                              "schedule.kind=step", "train.fro=1", "eval.evry=1", "checkpoint.kep=2", "compute.lane=1",
                              "seeed=1", "model.kind=sequence", "'model={kind: sequence, mixer: {kind: s4d, stat: 3}}'",
                              "'model={kind: vqvae, quantizer: {kind: residual, of: {kind: ema, coeds: 3}}}'",
                              "'model={kind: vqvae, rate: {kind: prior, chanels: 3}}'"})
    advice_runs(place, std::string("mlrun validate tiny.yaml ") + mistake, std::string(mistake) == "seeed=1" ? 0 : 1);
  for (const char* typed : {"mlrun trian", "mlrun train --bogus tiny.yaml", "mlrun eval", "mlrun config shwo",
                            "mlrun train", "mlrun config schema nosuch", "mlrun config init nosuch"})
    advice_runs(place, typed);
}

TEST_CASE("advice names the program as it was called, goes where -C went, and survives the shell") {
  Workplace place;
  std::filesystem::create_directory(place.path("other place"));
  place.put("other place/tiny.yaml", Workplace::tiny_spec());
  std::filesystem::create_symlink(Workplace::binary(), place.path("my mlrun"));
  place.put("tiny.yaml", Workplace::tiny_spec());
  const std::string run = place.path("it's a run");
  for (const std::string& program : {Workplace::binary(), std::string("'./my mlrun'"), std::string("mlrun")}) {
    const std::string rest = " -q -C 'other place' train tiny.yaml -o 'it'\\''s a run'";
    const ProgramResult first = place.shell(program + rest);
    const ProgramResult again = place.shell(program + rest);
    INFO(program << "\n" << first.err << again.err);
    CHECK(again.exit_code == 6);
    const std::vector<std::string> commands = advised(again, program);
    REQUIRE(commands.size() == 1);
    CHECK(commands[0] == program + " -C 'other place' train --resume 'it'\\''s a run'");
    CHECK(place.shell(commands[0]).exit_code == 0);
  }
}

TEST_CASE("where data are missing, the way without them is what was typed and one word more") {
  Workplace place;
  place.put("mnist.yaml",
            "data: {kind: mnist, binarization: threshold, root: nowhere}\n"
            "model: {kind: nade, hidden: 7}\ntrain: {for: 2 steps, batch_size: 5}\n");
  for (const char* command :
       {"mlrun validate mnist.yaml", "mlrun validate mnist.yaml data.root=auto data.binarization=dynamic",
        "mlrun train mnist.yaml data.train_limit=20 data.valid_limit=20 -q",
        "mlrun train mnist.yaml data.root=auto --dry-run",
        "mlrun profile mnist.yaml data.root=auto --steps 1 --warmup 1"})
    advice_runs(place, command);
  const ProgramResult missing = place.shell("mlrun validate mnist.yaml data.root=auto data.binarization=static");
  const std::smatch found = [&] {
    std::smatch match;
    std::regex_search(missing.err, match, std::regex("get it with +(\\S*fetch_data.sh) binarized_mnist"));
    return match;
  }();
  INFO(missing.err);
  REQUIRE(found.size() == 2);
  CHECK(std::filesystem::exists(std::filesystem::path(place.path()) / found[1].str()));
}

TEST_CASE("what a run advises runs: going on, its weights, its codes, its classes, its data") {
  Workplace place;
  const std::string run = place.train();
  advice_runs(place, "mlrun train --resume @last -q optim.lr=0.01", 2);
  advice_runs(place, "mlrun train tiny.yaml -q data.kind=codes data.from=" + run);
  advice_runs(place, "mlrun train tiny.yaml -q data.kind=codes data.from=nosuch");

  const std::string classifier = place.train(
      {"model={kind: sequence_classifier, width: 4, layers: 1, mixer: {kind: gru}}", "data.binarization=dynamic",
       "data.train_limit=20", "data.valid_limit=10", "data.test_limit=10", "train.for=1 steps"});
  advice_runs(place, "mlrun sample " + classifier + " -n 1 -o -");

  const std::string vqvae =
      place.train({"model={kind: vqvae, width: 4, dim: 4, blocks: 0, quantizer: {codes: 8}}", "data.train_limit=20",
                   "data.valid_limit=10", "data.test_limit=10", "train.for=1 steps"});
  advice_runs(place, "mlrun sample " + vqvae + " -n 2 -o x.txt");

  place.put("data/rows.csv", "0,1,0\n1,1,0\n0,0,1\n1,0,1\n");
  const std::string table =
      place.train({"data={kind: table, train: rows.csv, valid: rows.csv, test: rows.csv}", "train.batch_size=2"});
  place.put("data/rows.csv", "0,1,0\n1,1,0\n0,0,1\n1,1,1\n");
  advice_runs(place, "mlrun eval " + table);
}

TEST_CASE("no message spells out a command by itself: base/advice.hpp makes them all") {
  // In strings: a command after the blanks that set a remedy off, or after "See".
  const std::regex spelled("\"[^\"]*(   |[Ss]ee:? +)(mlrun [a-z]|scripts/)");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Workplace::source() + "/src")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
    std::ifstream file(entry.path());
    int number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      INFO(entry.path().string() << ':' << number << ": " << line);
      CHECK_FALSE(std::regex_search(line, spelled));
    }
  }
}

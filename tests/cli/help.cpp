#include "cli/parse/help.hpp"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace mlrun::cli;

namespace {

struct Answer {
  int code;
  std::string out, err;
};

// A small command line of the same build as mlrun's.
Answer answer(const std::vector<std::string>& words) {
  CLI::App app("Deep generative models");
  app.formatter(std::make_shared<HelpFormatter>(80));
  app.require_subcommand(1);
  app.fallthrough();
  set_examples(app, "mlrun train configs/made.yaml");
  app.set_version_flag("--version", "mlrun 0.1.0");
  bool quiet = false;
  app.add_flag("-q,--quiet", quiet, "Warnings only");

  CLI::App* train = app.add_subcommand("train", "Train a model\nA second line for its own help.");
  set_examples(*train, "mlrun train configs/made.yaml\nmlrun train configs/made.yaml optim.lr=1e-3");
  std::string spec, run_dir;
  std::vector<std::string> overrides;
  int seed = 1;
  train->add_option("SPEC", spec, "The spec")->required();
  train->add_option("OVERRIDE", overrides, "Changes of the spec");
  train->add_option("--seed", seed, "Seed of every random stream of the run, from which its streams are derived")
      ->capture_default_str();
  train->add_option("-o,--run-dir", run_dir, "Where to write");

  CLI::App* config = app.add_subcommand("config", "Look at specs");
  config->require_subcommand(1);
  config->add_subcommand("show", "Print it");
  config->add_subcommand("diff", "Compare two");
  app.add_subcommand("eval", "Exact likelihood")->add_option("RUN", spec, "The run")->required();

  std::vector<const char*> arguments = {"./build/mlrun"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  std::ostringstream out, err;
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    const int code = explain(app, error, out, err);
    return {code, out.str(), err.str()};
  }
  return {-1, {}, {}};
}

std::string complaint(const std::vector<std::string>& words) {
  const Answer a = answer(words);
  CHECK(a.code == 2);
  CHECK(a.out.empty());
  return a.err;
}

}  // namespace

TEST_CASE("a mistyped command is answered with the nearest one") {
  CHECK(complaint({"trian", "configs/made.yaml", "--seed", "3"}) ==
        "error: no command 'trian'; did you mean 'train'?\nSee: mlrun --help\n");
  CHECK(complaint({"tra"}) == "error: no command 'tra'; did you mean 'train'?\nSee: mlrun --help\n");
  CHECK(complaint({"frobnicate"}) == "error: no command 'frobnicate'; known: train, config, eval\nSee: mlrun --help\n");
  CHECK(complaint({"config", "shwo"}) == "error: no command 'shwo'; did you mean 'show'?\nSee: mlrun config --help\n");
  CHECK(complaint({"trian", "--help"}) == "error: no command 'trian'; did you mean 'train'?\nSee: mlrun --help\n");
}

TEST_CASE("a missing command lists the commands") {
  CHECK(complaint({}) == "error: no command given; known: train, config, eval\nSee: mlrun --help\n");
  CHECK(complaint({"config"}) == "error: no command given; known: show, diff\nSee: mlrun config --help\n");
}

TEST_CASE("a mistyped option is answered with the nearest one of the command or the program") {
  CHECK(complaint({"train", "x.yaml", "--sede=3"}) ==
        "error: no option '--sede' of 'mlrun train'; did you mean '--seed'?\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "--quite"}) ==
        "error: no option '--quite' of 'mlrun train'; did you mean '--quiet'?\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "--o"}) ==
        "error: no option '--o'; did you mean '-o'?\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "-seed", "3"}) ==
        "error: no option '-seed' of 'mlrun train'; did you mean '--seed'?\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "--frobnicate"}) ==
        "error: no option '--frobnicate' of 'mlrun train'\nSee: mlrun train --help\n");
}

TEST_CASE("an override written as an option is put right") {
  CHECK(complaint({"train", "x.yaml", "--optim.lr=1e-3"}) ==
        "error: no option '--optim.lr' of 'mlrun train'; values of the spec are given without dashes: "
        "optim.lr=VALUE\nSee: mlrun train --help\n");
}

TEST_CASE("missing and unreadable values are named with what is expected") {
  CHECK(complaint({"train"}) == "error: SPEC is missing from 'mlrun train'\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "--seed", "abc"}) ==
        "error: --seed: cannot read 'abc'; expected INT\nSee: mlrun train --help\n");
  CHECK(complaint({"train", "x.yaml", "--seed"}) ==
        "error: --seed: no value given; expected INT\nSee: mlrun train --help\n");
  CHECK(complaint({"eval", "a", "b"}) == "error: unexpected argument 'b' to 'mlrun eval'\nSee: mlrun eval --help\n");
}

TEST_CASE("help and version are answers: stdout and exit code 0") {
  const Answer version = answer({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out == "mlrun 0.1.0\n");
  CHECK(version.err.empty());
  const Answer help = answer({"train", "--help"});
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  CHECK(help.out ==
        "Usage: mlrun train SPEC [OVERRIDE...] [OPTIONS]\n"
        "\n"
        "Train a model\n"
        "A second line for its own help.\n"
        "\n"
        "Examples:\n"
        "  mlrun train configs/made.yaml\n"
        "  mlrun train configs/made.yaml optim.lr=1e-3\n"
        "\n"
        "Arguments:\n"
        "  SPEC                        The spec\n"
        "  OVERRIDE                    Changes of the spec\n"
        "\n"
        "Options:\n"
        "  -h,--help                   Print this help message and exit\n"
        "  --seed INT                  Seed of every random stream of the run, from which\n"
        "                              its streams are derived [1]\n"
        "  -o,--run-dir TEXT           Where to write\n");
}

TEST_CASE("the root's help lists the commands by their first line") {
  const Answer help = answer({"-h"});
  CHECK(help.code == 0);
  CHECK(help.out.find("Usage: mlrun COMMAND [OPTIONS]\n") == 0);
  CHECK(help.out.find("  train                       Train a model\n  config ") != std::string::npos);
  CHECK(help.out.find("Examples:\n  mlrun train configs/made.yaml\n") < help.out.find("Options:"));
}

TEST_CASE("inherited examples are not shown as a command's own") {
  CHECK(answer({"eval", "--help"}).out.find("Examples") == std::string::npos);
}

TEST_CASE("the word help is understood") {
  CHECK(answer({"help"}).out == answer({"-h"}).out);
  CHECK(answer({"help", "train"}).out == answer({"train", "-h"}).out);
  CHECK(answer({"help", "train"}).code == 0);
  CHECK(complaint({"help", "trian"}) == "error: no command 'trian'; did you mean 'train'?\nSee: mlrun --help\n");
}

TEST_CASE("a command that ends with its own code is not commented") {
  CLI::App app("x", "mlrun");
  std::ostringstream out, err;
  CHECK(explain(app, CLI::RuntimeError(75), out, err) == 75);
  CHECK(out.str().empty());
  CHECK(err.str().empty());
}

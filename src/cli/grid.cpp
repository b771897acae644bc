// mlrun grid: one train command per combination, for the shell to run.
#include <memory>
#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/log.hpp"
#include "base/shell_word.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "commands/grid.hpp"
#include "experiment/load_spec.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

struct GridOptions {
  std::vector<std::string> words;  // SPEC key=v1,v2 ...
  std::string group, extra;
  int64_t seeds = 0, draws = 0;
  uint64_t seed = 1;
  bool zip = false;
};

std::vector<Combination> combinations_of(const GridOptions& o) {
  const std::vector<GridAxis> axes = grid_axes({o.words.begin() + 1, o.words.end()}, 2, o.draws > 0);
  for (const GridAxis& axis : axes) {
    if (axis.key == "seed" && o.seeds > 0)
      fail(ExitCode::kUsage, "seeds are given by --seeds or by seed=..., not by both");
  }
  const std::vector<Combination> combinations = o.draws > 0 ? random_combinations(axes, o.draws, o.seed)
                                                : o.zip     ? zipped_combinations(axes)
                                                            : all_combinations(axes);
  return o.seeds > 0 ? with_seeds(combinations, o.seeds) : combinations;
}

void run_grid(const GridOptions& o, const Globals& globals) {
  if (o.words[0].find('=') != std::string::npos) {
    fail(ExitCode::kUsage, "the first argument is the spec, and '{}' is a value", o.words[0]);
  }
  const std::string spec = spec_path(o.words[0]);
  std::vector<std::string> fixed;
  if (!o.group.empty()) fixed.push_back("group=" + o.group);
  const std::vector<Combination> combinations = combinations_of(o);
  check_combinations(spec, combinations, fixed);
  const std::string start = advice::command({"train", o.words[0]});
  for (const auto& [overrides, places] : combinations) {
    std::string command = start;
    for (const std::string& text : overrides) command += " " + shell_word(text);
    if (!o.group.empty()) command += " --group " + shell_word(o.group);
    if (!o.extra.empty()) command += " " + o.extra;
    if (globals.json)
      fmt::print("{}\n", io::json_line(nlohmann::ordered_json{{"command", command}, {"overrides", overrides}}));
    else fmt::print("{}\n", command);
  }
  log::info("{} run{}; nothing was started", combinations.size(), combinations.size() == 1 ? "" : "s");
}

}  // namespace

void add_grid(Command& command, const Globals& globals) {
  auto o = std::make_shared<GridOptions>();
  set_examples(command,
               "mlrun grid configs/made.yaml optim.lr=1e-3,3e-4 model.hidden=500 model.hidden=1000 --seeds 3 | sh\n"
               "mlrun grid configs/made.yaml 'model.hidden=[500],[500,500]' --group depth > sweep.txt\n"
               "mlrun grid configs/made.yaml optim.lr=1e-4..1e-2:log5 seed=1..3\n"
               "mlrun grid configs/made.yaml optim.lr=1e-3,3e-4 model.hidden=200,500 --zip     # two runs, not four\n"
               "mlrun grid configs/made.yaml optim.lr=1e-4..1e-2:log model.hidden=100..800 --random 20 --seed 3\n"
               "mlrun grid configs/made.yaml optim.lr=1e-3,3e-4 --extra '--if-needed --resume auto' > sweep.txt\n"
               "parallel -j2 --joblog sweep.log < sweep.txt     # stop it, start it again: only the rest runs");
  command
      .add_option(
          "SPEC", o->words,
          "a YAML file or a run, then fields with their values: section.key=v1,v2; of numbers also 1..5, 100..500:5 "
          "(five values), 1e-4..1e-2:log5 (evenly in the logarithm)")
      ->required()
      ->type_name("SPEC|RUN [key=v1,v2]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{.lists = true});
  command.add_option("--seeds", o->seeds, "every combination with seed=1 to seed=N")
      ->between(int64_t{1}, int64_t{1000})
      ->type_name("N");
  Option* zip = command.add_flag("--zip", o->zip, "the first values of all fields together, then the second ones ...");
  Option* random = command
                       .add_option("--random", o->draws,
                                   "N combinations drawn at random, of lists and of ranges LOW..HIGH or LOW..HIGH:log")
                       ->between(int64_t{1}, int64_t{100'000})
                       ->type_name("N")
                       ->excludes(zip);
  command.add_option("--seed", o->seed, "of --random (1): the same seed draws the same combinations")
      ->type_name("S")
      ->needs(random);
  command.add_option("--group", o->group, "group of the runs, for mlrun compare @group:NAME")
      ->type_name("NAME")
      ->takes({{Value::kGroup}});
  command.add_option("--extra", o->extra, "shell text to append to every command, such as '--if-needed --resume auto'")
      ->may_be_empty()
      ->type_name("TEXT");
  command.callback([o, &globals] { run_grid(*o, globals); });
}

}  // namespace mlrun::cli

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
  int64_t seeds = 0;
};

GridAxis seed_axis(int64_t seeds) {
  GridAxis axis{"seed", {}, {}};
  for (int64_t seed = 1; seed <= seeds; ++seed) {
    axis.values.push_back(fmt::format("{}", seed));
    axis.places.push_back("--seeds");
  }
  return axis;
}

// Seeds vary slowest, so that a sweep that is stopped early has seen every setting.
std::vector<GridAxis> axes_of(const GridOptions& o) {
  std::vector<GridAxis> axes = grid_axes({o.words.begin() + 1, o.words.end()}, 2);
  if (o.seeds == 0) return axes;
  for (const GridAxis& axis : axes) {
    if (axis.key == "seed") fail(ExitCode::kUsage, "seeds are given by --seeds or by seed=..., not by both");
  }
  axes.insert(axes.begin(), seed_axis(o.seeds));
  return axes;
}

void run_grid(const GridOptions& o, const Globals& globals) {
  if (o.words[0].find('=') != std::string::npos) {
    fail(ExitCode::kUsage, "the first argument is the spec, and '{}' is a value", o.words[0]);
  }
  const std::string spec = spec_path(o.words[0]);
  std::vector<std::string> fixed;
  if (!o.group.empty()) fixed.push_back("group=" + o.group);
  const auto combinations = checked_combinations(spec, axes_of(o), fixed);
  const std::string start = advice::command({"train", o.words[0]});
  for (const std::vector<std::string>& overrides : combinations) {
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
               "mlrun grid configs/made.yaml optim.lr=1e-3,3e-4 --extra '--if-needed --resume auto' > sweep.txt\n"
               "parallel -j2 --joblog sweep.log < sweep.txt     # stop it, start it again: only the rest runs");
  command.add_option("SPEC", o->words, "a YAML file or a run, then fields with their values: section.key=v1,v2")
      ->required()
      ->type_name("SPEC|RUN [key=v1,v2]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{.lists = true});
  command.add_option("--seeds", o->seeds, "every combination with seed=1 to seed=N")
      ->between(int64_t{1}, int64_t{1000})
      ->type_name("N");
  command.add_option("--group", o->group, "group of the runs, for mlrun compare @group:NAME")
      ->type_name("NAME")
      ->takes({{Value::kGroup}});
  command.add_option("--extra", o->extra, "shell text to append to every command, such as '--if-needed --resume auto'")
      ->type_name("TEXT");
  command.callback([o, &globals] { run_grid(*o, globals); });
}

}  // namespace mlrun::cli

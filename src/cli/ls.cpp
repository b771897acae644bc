// mlrun ls: the runs there are.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "commands/runs/run_fields.hpp"
#include "commands/runs/where.hpp"
#include "io/json_line.hpp"
#include "runs/run_directory.hpp"
#include "runs/run_json.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

using Json = nlohmann::ordered_json;

struct LsOptions {
  std::vector<std::string> selectors, where, columns;
  bool csv = false;
  std::string group, status, sort = "created";
  int64_t most = 0;
};

std::string epoch_of(double epoch) { return epoch < 1e6 ? fmt::format("{:.4g}", epoch) : fmt::format("{:.0f}", epoch); }
std::string figure_of(double value, int digits) { return std::isnan(value) ? "-" : print_fixed(value, digits); }

void sort(std::vector<RunSummary>& runs, const std::string& key) {
  const auto by = [&](auto less) { std::stable_sort(runs.begin(), runs.end(), less); };
  if (key == "id") by([](const auto& a, const auto& b) { return a.id < b.id; });
  if (key == "model") by([](const auto& a, const auto& b) { return a.model < b.model; });
  if (key == "status")
    by([](const auto& a, const auto& b) { return std::string(name_of(a.status)) < name_of(b.status); });
  if (key == "step") by([](const auto& a, const auto& b) { return a.step < b.step; });
  if (key == "time") by([](const auto& a, const auto& b) { return a.seconds < b.seconds; });
}

// The best first, at most so many (0: all). Runs whose NLLs are of different things are never ranked together: they
// stand one kind after the other, with so many of each.
std::vector<RunSummary> ranked(const std::vector<RunSummary>& runs, int64_t most) {
  std::vector<std::vector<RunSummary>> kinds;
  for (const RunSummary& run : runs) {
    auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) {
      return obstacle_to_ranking({k.front(), run}).empty();
    });
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), std::vector<RunSummary>());
    kind->push_back(run);
  }
  std::vector<RunSummary> all;
  for (std::vector<RunSummary>& kind : kinds) {
    std::stable_sort(kind.begin(), kind.end(), [](const RunSummary& a, const RunSummary& b) {
      return std::isnan(b.best_nll) ? !std::isnan(a.best_nll) : a.best_nll < b.best_nll;  // not evaluated yet: last
    });
    if (most > 0 && static_cast<size_t>(most) < kind.size()) kind.resize(static_cast<size_t>(most));
    all.insert(all.end(), kind.begin(), kind.end());
  }
  if (kinds.size() > 1) log::info("ranked in {} parts: {}", kinds.size(), obstacle_to_ranking(runs));
  return all;
}

void print_objects(const std::vector<RunSummary>& runs) {
  for (const RunSummary& run : runs) fmt::print("{}\n", io::json_line(run_json(run)));
}

void print_overview(const std::vector<RunSummary>& runs) {
  const bool accuracy =
      std::any_of(runs.begin(), runs.end(), [](const RunSummary& r) { return !std::isnan(r.best_accuracy); });
  std::vector<std::string> headings = {"run", "status", "model", "epoch", "step", "of", "valid/nll", "bits/dim"};
  const bool running =
      std::any_of(runs.begin(), runs.end(), [](const RunSummary& r) { return r.status == RunStatus::kRunning; });
  if (accuracy) headings.emplace_back("accuracy");
  headings.insert(headings.end(), {"at step", "time"});
  if (running) headings.emplace_back("eta");
  headings.emplace_back("protocol");
  TextTable table(headings);
  for (const RunSummary& r : runs) {
    std::vector<std::string> cells = {r.id,
                                      status_words(r),
                                      r.model,
                                      epoch_of(r.epoch),
                                      fmt::format("{}", r.step),
                                      r.total_steps > 0 ? fmt::format("{}", r.total_steps) : "-",
                                      figure_of(r.best_nll, 3),
                                      figure_of(r.best_bpd, 4)};
    if (accuracy) cells.push_back(std::isnan(r.best_accuracy) ? "-" : fmt::format("{:.2f}%", 100 * r.best_accuracy));
    cells.insert(cells.end(), {fmt::format("{}", r.best_step), human_duration(r.seconds)});
    if (running) cells.push_back(r.status == RunStatus::kRunning ? human_duration(seconds_to_go(r)) : "-");
    cells.push_back(r.protocol);
    table.add(cells);
  }
  print_fitting(
      table, {"protocol", "at step", "of", "time", "bits/dim", "epoch", "accuracy", "model", "eta", "step", "status"});
}

// Of a number measured, what the other tables show of it; settings and whole numbers in full.
std::string column_cell(const std::string& field, const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  const bool measured = field.find('/') != std::string::npos || field == "epoch" || field.ends_with("minutes");
  if (!measured || text.find('.') == std::string::npos) return text.empty() ? "-" : text;
  const double number = parse_real(text).value_or(NAN);
  if (field.ends_with("bpd")) return print_fixed(number, 4);
  if (field.ends_with("nll") || field.ends_with("loss")) return print_fixed(number, 3);
  return field == "epoch" ? epoch_of(number) : fmt::format("{:.4g}", number);
}

Json column_json(RunFields::Kind kind, const std::vector<std::string>& values) {
  if (kind == RunFields::Kind::kTexts) return values;
  if (values.empty()) return nullptr;
  return kind == RunFields::Kind::kText ? Json(values[0]) : value_json(values[0]);
}

void print_columns(const LsOptions& o, const std::vector<RunSummary>& runs, bool json) {
  RunFields fields(runs);
  for (const std::string& column : o.columns) fields.require(column, "--columns");
  TextTable table(o.columns);
  for (size_t i = 0; i < runs.size(); ++i) {
    Json object = {{"run", runs[i].path}};
    std::vector<std::string> cells;
    for (const std::string& column : o.columns) {
      const std::vector<std::string> values = fields.values(i, column);
      if (json) object[column] = column_json(RunFields::kind_of(column), values);
      cells.push_back(o.csv ? fmt::format("{}", fmt::join(values, " ")) : column_cell(column, values));
    }
    if (json) fmt::print("{}\n", io::json_line(object));
    table.add(cells);
  }
  if (json || runs.empty()) return;
  std::vector<std::string> least_first(o.columns.rbegin(), o.columns.rend() - 1);
  if (o.csv) fmt::print("{}", table.csv());
  else print_fitting(table, least_first);
}

// As --csv without a word of columns has them.
const std::vector<std::string>& usual_columns() {
  static const std::vector<std::string> names = {"id",        "status",      "model",     "epoch",
                                                 "step",      "total_steps", "valid/nll", "valid/bpd",
                                                 "best_step", "minutes",     "protocol"};
  return names;
}

void run_ls(LsOptions o, const Globals& globals) {
  if (o.csv && o.columns.empty()) o.columns = usual_columns();
  std::vector<RunSummary> runs = select_runs(o.selectors);
  const bool none_at_all = runs.empty();
  if (!o.group.empty()) std::erase_if(runs, [&](const RunSummary& r) { return !has_word(r.groups, o.group); });
  runs = runs_where(runs, o.where);
  if (!o.status.empty()) std::erase_if(runs, [&](const RunSummary& r) { return name_of(r.status) != o.status; });
  if (o.sort == "valid/nll") {
    runs = ranked(runs, o.most);
  } else {
    sort(runs, o.sort);
    const auto excess = static_cast<std::ptrdiff_t>(runs.size()) - static_cast<std::ptrdiff_t>(o.most);
    if (o.most > 0 && excess > 0 && o.sort == "created") runs.erase(runs.begin(), runs.begin() + excess);
    else if (o.most > 0 && excess > 0) runs.erase(runs.end() - excess, runs.end());
  }
  if (!o.columns.empty()) print_columns(o, runs, globals.json);
  else if (globals.json) print_objects(runs);
  else if (!runs.empty()) print_overview(runs);
  if (none_at_all) log::info("no runs in {}  (MLRUN_RUN_ROOT)", run_root());
  else if (runs.empty()) log::info("no run fits");
}

}  // namespace

void add_ls(Command& command, const Globals& globals) {
  auto o = std::make_shared<LsOptions>();
  set_examples(command,
               "mlrun ls\n"
               "mlrun ls -n 10 --status finished --sort valid/nll   # the ten best\n"
               "mlrun ls @group:lr made-20261124\n"
               "mlrun ls --where 'valid/nll < 90' --where 'optim.lr >= 1e-3'\n"
               "mlrun ls @group:lr --columns id,optim.lr,seed,valid/nll,test/nll\n"
               "mlrun ls --json | jq -r 'select(.status == \"killed\") | .run'");
  add_runs(command, o->selectors);
  command.add_option("--group", o->group, "only this group")->type_name("NAME")->takes({{Value::kGroup}});
  command.add_option("--status", o->status, "only runs in this state")->one_of(status_names());
  add_where(command, o->where);
  command
      .add_option("--columns", o->columns,
                  "these columns instead: what --where takes as FIELD, such as id, tag, test/nll, "
                  "train/nll or optim.lr")
      ->comma_separated()
      ->type_name("FIELD,...")
      ->takes({{Value::kRunFields}});
  command.add_flag("--csv", o->csv, "print comma-separated values: every number in full");
  command.add_option("-n", o->most, "only the first N in the order of --sort; of the order of creation the latest N")
      ->between(int64_t{1}, int64_t{1} << 40)
      ->type_name("N");
  command
      .add_option(
          "--sort", o->sort,
          "order of the lines, the least first; valid/nll: the best first, each kind of data and protocol apart")
      ->one_of({"created", "valid/nll", "id", "model", "status", "step", "time"});
  command.callback([o, &globals] { run_ls(*o, globals); });
}

}  // namespace mlrun::cli

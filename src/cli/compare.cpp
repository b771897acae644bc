// mlrun compare: runs side by side, only what differs, and their results.
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "commands/runs/compare.hpp"
#include "commands/runs/readable_runs.hpp"
#include "commands/runs/where.hpp"
#include "io/json_line.hpp"
#include "runs/run_json.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CompareOptions {
  std::vector<std::string> selectors, group_by, where;
  std::string sort = "valid/nll";
  bool markdown = false, csv = false, latex = false, force = false;
};

std::string spread_text(const Spread& s, int digits) {
  if (s.count == 0) return "-";
  if (std::isnan(s.sd)) return print_fixed(s.mean, digits);
  return print_fixed(s.mean, digits) + " +- " + print_fixed(s.sd, digits);
}

void sort_rows(std::vector<ComparisonRow>& rows, const std::string& key) {
  if (key == "created") return;
  const auto figure = [&](const ComparisonRow& row) {
    return key == "test/nll" ? row.test_nll.mean : row.valid_nll.mean;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const ComparisonRow& a, const ComparisonRow& b) {
    const double x = figure(a), y = figure(b);
    return std::isnan(y) ? !std::isnan(x) : x < y;  // what was not measured comes last
  });
}

Json row_json(const Comparison& c, const ComparisonRow& row) {
  Json answer = {{"runs", Json::array()}, {"status", row.status}, {"fields", Json::object()}};
  for (const RunSummary& run : row.runs) answer["runs"].push_back(run.path);
  for (size_t i = 0; i < c.fields.size(); ++i)
    answer["fields"][c.fields[i]] = row.values[i].empty() ? Json(nullptr) : value_json(row.values[i]);
  for (const auto& [name, s] : {std::pair("valid_nll", row.valid_nll), std::pair("valid_bpd", row.valid_bpd),
                                std::pair("test_nll", row.test_nll)}) {
    answer[name] = {{"count", s.count}, {"mean", s.mean}, {"sd", s.sd}};
  }
  answer["protocol"] = row.runs[0].protocol;
  answer["data_hash"] = row.runs[0].data_hash;
  return answer;
}

TextTable table_of(const Comparison& c, bool grouped) {
  const bool tested = std::any_of(c.rows.begin(), c.rows.end(), [](const auto& row) { return row.test_nll.count > 0; });
  std::vector<std::string> headings = {grouped ? "runs" : "run"};
  headings.insert(headings.end(), c.fields.begin(), c.fields.end());
  headings.insert(headings.end(), {"status", "valid/nll", "bits/dim"});
  if (tested) headings.emplace_back("test/nll");
  if (!c.obstacle.empty()) headings.insert(headings.end(), {"protocol", "data"});
  TextTable table(headings);
  for (const ComparisonRow& row : c.rows) {
    const auto total = static_cast<int64_t>(row.runs.size());
    std::vector<std::string> cells = {!grouped ? row.runs[0].id
                                      : row.valid_nll.count == total
                                          ? fmt::format("{}", total)
                                          : fmt::format("{} of {}", row.valid_nll.count, total)};
    for (const std::string& value : row.values) cells.push_back(value.empty() ? "-" : value);
    cells.insert(cells.end(), {row.status, spread_text(row.valid_nll, 3), spread_text(row.valid_bpd, 4)});
    if (tested) cells.push_back((row.test_is_bound ? "<= " : "") + spread_text(row.test_nll, 3));
    if (!c.obstacle.empty()) cells.insert(cells.end(), {row.runs[0].protocol, row.runs[0].data_hash.substr(0, 8)});
    table.add(cells);
  }
  return table;
}

// Every number in full and alone in its column, for other programs.
TextTable numbers_of(const Comparison& c) {
  std::vector<std::string> headings = {"runs"};
  headings.insert(headings.end(), c.fields.begin(), c.fields.end());
  headings.insert(headings.end(), {"status", "evaluated", "valid_nll", "valid_nll_sd", "valid_bpd", "valid_bpd_sd",
                                   "tested", "test_nll", "test_nll_sd", "protocol", "data_sha256"});
  TextTable table(headings);
  const auto number = [](double v) { return std::isfinite(v) ? print_number(v) : ""; };
  for (const ComparisonRow& row : c.rows) {
    std::string ids;
    for (const RunSummary& run : row.runs) ids += (ids.empty() ? "" : " ") + run.id;
    std::vector<std::string> cells = {ids};
    cells.insert(cells.end(), row.values.begin(), row.values.end());
    cells.insert(cells.end(),
                 {row.status, print_number(row.valid_nll.count), number(row.valid_nll.mean), number(row.valid_nll.sd),
                  number(row.valid_bpd.mean), number(row.valid_bpd.sd), print_number(row.test_nll.count),
                  number(row.test_nll.mean), number(row.test_nll.sd), row.runs[0].protocol, row.runs[0].data_hash});
    table.add(cells);
  }
  return table;
}

void run_compare(const CompareOptions& o, const Globals& globals) {
  std::vector<std::string> left_out;
  const ReadableRuns readable = readable_runs(some_runs_where(select_runs(o.selectors), o.where), left_out);
  for (const std::string& reason : left_out) log::warning("left out: {}", reason);
  if (readable.runs.empty()) fail(ExitCode::kUsage, "none of these runs can be read");
  Comparison comparison = compare_runs(readable, o.group_by);
  add_test_results(comparison);
  if (!comparison.obstacle.empty() && o.sort != "created") {
    if (!o.force) {
      fail(ExitCode::kUsage,
           "these runs cannot be ranked: {}\n"
           "  see them unranked   --sort created\n"
           "  or insist           --force",
           comparison.obstacle);
    }
    log::warning("ranked by force, although {}", comparison.obstacle);
  }
  sort_rows(comparison.rows, o.sort);
  if (globals.json) {
    for (const ComparisonRow& row : comparison.rows) fmt::print("{}\n", io::json_line(row_json(comparison, row)));
    return;
  }
  const TextTable table = o.csv ? numbers_of(comparison) : table_of(comparison, !o.group_by.empty());
  if (!o.markdown && !o.csv && !o.latex) print_fitting(table, {"bits/dim", "accuracy", "status", "runs", "test/nll"});
  else fmt::print("{}", o.markdown ? table.markdown() : o.csv ? table.csv() : table.latex());
  if (comparison.fields.empty() && readable.runs.size() > 1)
    log::info("their specs do not differ{}", o.group_by.empty() ? "" : " in anything else");
}

}  // namespace

void add_compare(Command& command, const Globals& globals) {
  auto o = std::make_shared<CompareOptions>();
  set_examples(command,
               "mlrun compare @group:lr --group-by seed             # mean +- sd over seeds\n"
               "mlrun compare @group:lr --group-by seed --md        # a GitHub table; --csv and --latex for others\n"
               "mlrun compare made-20261124-143005-7be1 @last --sort created");
  add_runs(command, o->selectors, /*required=*/true);
  command
      .add_option("--group-by", o->group_by,
                  "one line for the runs that differ in these fields only: mean and sample deviation")
      ->comma_separated()
      ->type_name("FIELD,...")
      ->takes({{Value::kFields}});
  command.add_option("--sort", o->sort, "rank by a result, or keep the order of creation")
      ->one_of({"valid/nll", "test/nll", "created"});
  Option* markdown = command.add_flag("--md", o->markdown, "print a GitHub table");
  Option* csv =
      command.add_flag("--csv", o->csv, "print comma-separated values: every number in full, alone in its column")
          ->excludes(markdown);
  command.add_flag("--latex", o->latex, "print a tabular of LaTeX, for the package booktabs")
      ->excludes(markdown)
      ->excludes(csv);
  add_where(command, o->where);
  command.add_flag("--force", o->force, "rank although binarization, splits or data differ");
  command.callback([o, &globals] { run_compare(*o, globals); });
}

}  // namespace mlrun::cli

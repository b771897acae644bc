// mlrun report: a run, or a sweep, as one web page to hand on.
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/words/chart.hpp"
#include "commands/figures/report.hpp"
#include "commands/runs/where.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct ReportOptions {
  std::vector<std::string> selectors, group_by = {"seed"}, lines, where;
  std::string out = "report.html", title;
};

std::string title_of(const ReportOptions& o, const std::vector<RunSummary>& runs) {
  if (!o.title.empty()) return o.title;
  if (runs.size() == 1) return runs[0].id;
  std::string text;
  for (const std::string& selector : o.selectors)
    text += (text.empty() ? "" : ", ") + (selector.starts_with("@group:") ? selector.substr(7) : selector);
  return text.empty() ? "All runs" : text;
}

void run_report(const ReportOptions& o, const Globals& globals) {
  if (!o.out.ends_with(".html") && !o.out.ends_with(".htm"))
    fail(ExitCode::kUsage, "-o {}: expected a name that ends in .html", o.out);
  ReportRequest request{
      .runs = some_runs_where(select_runs(o.selectors), o.where), .title = {}, .group_by = o.group_by};
  if (request.runs.empty()) fail(ExitCode::kUsage, "there are no runs yet   (MLRUN_RUN_ROOT)");
  request.title = title_of(o, request.runs);
  for (const std::string& text : o.lines) request.lines.push_back(reference_line(text));
  const ReportOutcome outcome = report_of(request);
  for (const std::string& reason : outcome.left_out) log::warning("left out: {}", reason);
  io::write_atomically(o.out, outcome.html);
  if (globals.json) {
    fmt::print("{}\n", io::json_line({{"report", o.out},
                                      {"runs", outcome.runs},
                                      {"settings", outcome.settings},
                                      {"bytes", outcome.html.size()},
                                      {"left_out", outcome.left_out}}));
    return;
  }
  fmt::print("{}\n", o.out);
  log::info("{} run{} in {} setting{}, {}", outcome.runs, outcome.runs == 1 ? "" : "s", outcome.settings,
            outcome.settings == 1 ? "" : "s", human_size(static_cast<int64_t>(outcome.html.size())));
}

}  // namespace

void add_report(Command& command, const Globals& globals) {
  auto o = std::make_shared<ReportOptions>();
  set_examples(command,
               "mlrun report @last -o run.html\n"
               "mlrun report @group:lr -o lr.html                  # mean and deviation over seeds\n"
               "mlrun report @group:lr --line 88.33=NADE --title 'Learning rates of MADE' -o lr.html");
  add_runs(command, o->selectors);
  add_where(command, o->where);
  command.add_option("-o,--out", o->out, "the page (report.html): one file, which needs nothing beside itself")
      ->type_name("FILE");
  command
      .add_option("--group-by", o->group_by,
                  "one row and one curve for the runs that differ in these fields only (seed)")
      ->comma_separated()
      ->type_name("FIELD,...")
      ->takes({{Value::kFields}});
  command.add_option("--line", o->lines, "a level to compare with, such as 88.33=NADE")
      ->type_name("VALUE=NAME")
      ->one_at_a_time();
  command.add_option("--title", o->title, "of the page")->may_be_empty()->type_name("TEXT");
  command.callback([o, &globals] { run_report(*o, globals); });
}

}  // namespace mlrun::cli

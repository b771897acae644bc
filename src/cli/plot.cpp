// mlrun plot: learning curves, in the terminal or as a picture.
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/chart.hpp"
#include "cli/words/chart.hpp"
#include "commands/figures/curves.hpp"
#include "commands/figures/pareto.hpp"
#include "commands/runs/where.hpp"
#include "figure/picture.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct PlotOptions {
  std::vector<std::string> selectors, metrics = {"valid/nll"}, group_by, lines, out, where;
  std::string against = "step", range, size = "640x400", title;
  double smoothing = 0;
  int64_t rows = 16;
  bool log_x = false, log_y = false, pareto = false;
};

nlohmann::ordered_json numbers_json(const std::vector<double>& values, double unit) {
  auto list = nlohmann::ordered_json::array();
  for (const double v : values) list.push_back(v * unit);  // json_line writes NaN as null
  return list;
}

// x is in steps, epochs, examples or seconds, whatever unit the picture has.
void print_json(const MetricCurves& curves, const std::string& against) {
  for (const MetricCurve& curve : curves.curves) {
    nlohmann::ordered_json line = {{"name", curve.name}, {"metric", curve.metric}, {"runs", curve.runs}};
    line[against] = numbers_json(curve.x, curves.x_unit);
    line["value"] = numbers_json(curve.y, 1);
    if (!curve.low.empty()) {
      line["low"] = numbers_json(curve.low, 1);
      line["high"] = numbers_json(curve.high, 1);
    }
    fmt::print("{}\n", io::json_line(line));
  }
}

void print_json(const Pareto& pareto) {
  for (const ParetoPoint& p : pareto.points) {
    fmt::print("{}\n", io::json_line({{"run", p.run.path},
                                      {"model", p.run.model},
                                      {"core_minutes", p.core_minutes},
                                      {"valid_nll", p.run.best_nll},
                                      {"frontier", p.best}}));
  }
}

figure::Chart chart_for(const PlotOptions& o, const Globals& globals) {
  const std::vector<RunSummary> runs = some_runs_where(select_runs(o.selectors), o.where);
  if (runs.empty()) fail(ExitCode::kUsage, "there are no runs yet   (MLRUN_RUN_ROOT)");
  figure::Chart chart;
  std::vector<std::string> left_out;
  if (o.pareto) {
    const Pareto pareto = pareto_of(runs);
    if (globals.json) print_json(pareto);
    chart = chart_of(pareto);
    left_out = pareto.left_out;
  } else {
    const MetricCurves curves = curves_of({.runs = runs,
                                           .metrics = o.metrics,
                                           .against = *parse_abscissa(o.against),
                                           .group_by = o.group_by,
                                           .smoothing = o.smoothing});
    if (globals.json) print_json(curves, o.against);
    chart = chart_of(curves);
    left_out = curves.left_out;
  }
  for (const std::string& reason : left_out) log::warning("left out: {}", reason);
  return chart;
}

void run_plot(const PlotOptions& o, const Globals& globals) {
  const auto [width, height] = picture_size(o.size);
  for (const std::string& file : o.out) picture_format(file);
  std::vector<figure::ReferenceLine> lines;
  for (const std::string& text : o.lines) lines.push_back(reference_line(text));
  std::pair<std::optional<double>, std::optional<double>> range;
  if (!o.range.empty()) range = value_range(o.range, o.log_y);

  figure::Chart chart = chart_for(o, globals);
  chart.title = o.title;
  chart.lines = lines;
  chart.x.log = chart.x.log || o.log_x;
  chart.y.log = o.log_y;
  chart.y.least = range.first;
  chart.y.greatest = range.second;
  for (const std::string& file : o.out) {
    io::write_atomically(file, figure::picture_of(chart, picture_format(file), width, height));
    log::info("wrote {}", file);
  }
  if (globals.json || !o.out.empty()) return;
  fmt::print("{}", chart_text(chart, screen_of(STDOUT_FILENO, globals.color_choice()), static_cast<int>(o.rows)));
}

}  // namespace

void add_plot(Command& command, const Globals& globals) {
  auto o = std::make_shared<PlotOptions>();
  set_examples(command,
               "mlrun plot @last                                       # valid/nll by step, in the terminal\n"
               "mlrun plot @group:lr --group-by seed -o curves.pdf     # a line for each setting, a band over seeds\n"
               "mlrun plot @last --metric train/nll --metric valid/nll --against epoch --log-y -o curves.png\n"
               "mlrun plot @group:lr --line 88.33=NADE --line 86.64=MADE --range :100 -o curves.svg\n"
               "mlrun plot @last --metric train/grad_norm --smooth 0.9\n"
               "mlrun plot --pareto -o pareto.svg                      # NLL against core-minutes, over all runs");
  add_runs(command, o->selectors);
  add_where(command, o->where);
  command.add_option("--metric", o->metrics, "TABLE/COLUMN of the journal (valid/nll); several go over each other")
      ->type_name("TABLE/COLUMN")
      ->one_at_a_time()
      ->takes({{},
               {"valid/nll", "valid/bpd", "valid/accuracy", "train/nll", "train/bpd", "train/lr", "train/grad_norm",
                "train/items_per_s", "valid/train_nll"}});
  command.add_option("--against", o->against, "what the curves are drawn against; time is that of training")
      ->one_of({"step", "epoch", "time", "examples"});
  command
      .add_option("--group-by", o->group_by,
                  "one line for the runs that differ in these fields only: mean, and a band of one sample deviation")
      ->comma_separated()
      ->type_name("FIELD,...")
      ->takes({{Value::kFields}});
  command
      .add_option("--smooth", o->smoothing, "weight of the past in a moving average; the values stay as a faint line")
      ->between(0.0, 0.9999)
      ->type_name("0..1");
  command.add_flag("--log-x", o->log_x, "a logarithmic axis of steps, epochs, time or examples");
  command.add_flag("--log-y", o->log_y, "a logarithmic axis of values");
  command
      .add_option("--range", o->range,
                  "ends of the axis of values (default: all of them, but for the first tenth of a curve where it would "
                  "take more than half of the height)")
      ->type_name("LOW:HIGH");
  command.add_option("--line", o->lines, "a level to compare with, such as 88.33=NADE")
      ->type_name("VALUE=NAME")
      ->one_at_a_time();
  command.add_flag("--pareto", o->pareto,
                   "the result of each run against its core-minutes (CPU time of training), and the frontier");
  command.add_option("-o,--out", o->out, "write a picture instead: .png, .svg or .pdf; several may be given")
      ->type_name("FILE")
      ->one_at_a_time();
  command.add_option("--size", o->size, "of the picture in points; a PNG has two pixels to a point (640x400)")
      ->type_name("WxH");
  command.add_option("--title", o->title, "above the picture")->may_be_empty()->type_name("TEXT");
  command.add_option("--rows", o->rows, "lines of the picture in the terminal (16)")
      ->between(int64_t{4}, int64_t{200})
      ->type_name("N");
  command.callback([o, &globals] { run_plot(*o, globals); });
}

}  // namespace mlrun::cli

#include "commands/figures/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/number.hpp"
#include "io/directory.hpp"
#include "io/hdf5/reader.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostRunFile = uint64_t{4} << 30;

// Runs of older versions say it in run.h5 alone. 0: it is not known.
int64_t threads_of(const RunSummary& run) {
  if (run.threads > 0) return run.threads;
  const std::string path = run.path + "/run.h5";
  if (!io::exists(path)) return 0;
  try {
    const io::Hdf5Reader file = io::open_hdf5(path, kMostRunFile, ExitCode::kData);
    return parse_integer(file.text_attribute("env", "threads")).value_or(0);
  } catch (const Error&) {  // damaged, or written by somebody else
    return 0;
  }
}

}  // namespace

Pareto pareto_of(const std::vector<RunSummary>& runs) {
  Pareto pareto;
  std::vector<RunSummary> measured;
  for (const RunSummary& run : runs) {
    // Runs of older versions did not measure the CPU time: then it is the wall-clock time of all threads.
    const double cpu_seconds = std::isfinite(run.cpu_seconds)
                                   ? run.cpu_seconds
                                   : run.seconds * static_cast<double>(std::isnan(run.best_nll) ? 0 : threads_of(run));
    if (std::isnan(run.best_nll)) {
      pareto.left_out.push_back(fmt::format("{} ({}) has not been evaluated yet", run.id, name_of(run.status)));
    } else if (!(cpu_seconds > 0)) {
      pareto.left_out.push_back(fmt::format("{} does not say how long it took on how many threads", run.id));
    } else {
      measured.push_back(run);
      pareto.points.push_back({run, cpu_seconds / 60, false});
    }
  }
  if (pareto.points.empty()) fail(ExitCode::kUsage, "none of these runs has a result and a time to compare");
  if (const std::string obstacle = obstacle_to_ranking(measured); !obstacle.empty()) {
    fail(ExitCode::kUsage,
         "these results are not comparable: {}\n"
         "  choose runs of one kind   --where 'protocol = ...', --where 'data = ...', or @group:NAME; see them with\n"
         "  their protocols           {}",
         obstacle, advice::command({"ls"}));
  }
  std::stable_sort(pareto.points.begin(), pareto.points.end(),
                   [](const ParetoPoint& a, const ParetoPoint& b) { return a.core_minutes < b.core_minutes; });
  double best = HUGE_VAL;
  for (ParetoPoint& point : pareto.points) {
    point.best = point.run.best_nll < best;
    best = std::min(best, point.run.best_nll);
  }
  return pareto;
}

figure::Chart chart_of(const Pareto& pareto) {
  figure::Chart chart;
  chart.x = {.label = "training (core-minutes)", .log = true};
  chart.y = {.label = "valid/nll (nats)"};
  figure::Series frontier{.name = "the best so far", .x = {}, .y = {}};
  frontier.rule = true;
  std::map<std::string, figure::Series> by_model;
  for (const ParetoPoint& point : pareto.points) {
    figure::Series& series =
        by_model.try_emplace(point.run.model, figure::Series{point.run.model, {}, {}}).first->second;
    series.marks = true;
    series.x.push_back(point.core_minutes);
    series.y.push_back(point.run.best_nll);
    series.labels.push_back(point.best ? fmt::format("{} {:.2f}", point.run.name, point.run.best_nll) : "");
    if (!point.best) continue;
    if (!frontier.x.empty()) {  // a step: until now the one before was the best
      frontier.x.push_back(point.core_minutes);
      frontier.y.push_back(frontier.y.back());
    }
    frontier.x.push_back(point.core_minutes);
    frontier.y.push_back(point.run.best_nll);
  }
  int colour = 0;
  for (auto& [model, series] : by_model) {
    series.colour = colour++;
    chart.series.push_back(std::move(series));
  }
  if (frontier.x.size() > 1) chart.series.push_back(std::move(frontier));
  return chart;
}

}  // namespace mlrun

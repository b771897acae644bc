// What likelihood costs: the result of every run against the time that it took of how many cores.
#pragma once

#include <string>
#include <vector>

#include "figure/chart.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

struct ParetoPoint {
  RunSummary run;
  double core_minutes = 0;  // time of training times threads
  bool best = false;        // no other run is as good in fewer core-minutes: a point of the frontier
};

struct Pareto {
  std::vector<ParetoPoint> points;    // by core-minutes
  std::vector<std::string> left_out;  // runs without a result or without a number of threads, with the reason
};

// Error(kUsage) where the results of these runs are not of the same thing (obstacle_to_ranking), or none has one.
Pareto pareto_of(const std::vector<RunSummary>& runs);
figure::Chart chart_of(const Pareto& pareto);  // a colour for each kind of model, the frontier as a thin line

}  // namespace mlrun

// The metrics of runs as curves: of each run, or as mean and deviation over the runs of a group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "figure/chart.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

// What a curve is drawn against. kTime is the time of training without what was between stop and resume; kExamples
// counts those that were trained on, each as often as it was seen.
enum class Abscissa { kStep, kEpoch, kTime, kExamples };
std::optional<Abscissa> parse_abscissa(const std::string& word);  // "step", "epoch", "time", "examples"

struct CurvesRequest {
  std::vector<RunSummary> runs;
  std::vector<std::string> metrics = {"valid/nll"};  // TABLE/COLUMN
  Abscissa against = Abscissa::kStep;
  // One curve for the runs that differ in these fields only, with a band of one standard deviation of a sample to
  // either side; empty: one curve for each run.
  std::vector<std::string> group_by = {};
  double smoothing = 0;  // from 0 to below 1: weight of the past in a moving average that is unbiased from the start
};

struct MetricCurve {
  std::string name, metric;
  std::vector<std::string> runs;        // paths
  std::vector<double> x, y, low, high;  // low and high empty: no band
  std::vector<double> raw;              // y before smoothing; empty: it was not smoothed
};

struct MetricCurves {
  std::vector<MetricCurve> curves;
  // Labels of the axes, "valid/nll (nats)" and "time (min)", and the unit that x is counted in, in seconds or 1.
  std::string x_label, y_label;
  double x_unit = 1;
  std::vector<std::string> left_out;  // runs that do not have the metric, with the reason
};

// Error(kUsage): a metric that none of the runs has (with the nearest one and the list), metrics of different units, a
// field that no spec has. A run that lacks a metric which others have is left out, and named in `left_out`.
MetricCurves curves_of(const CurvesRequest& request);

figure::Chart chart_of(const MetricCurves& curves);

// y as a moving average: m_i = s m_(i-1) + (1 - s) y_i, divided by 1 - s^i (as Adam's moments are). NaN stays NaN and
// does not count.
std::vector<double> smoothed(const std::vector<double>& y, double s);

}  // namespace mlrun

#include "commands/figures/curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "commands/runs/compare.hpp"
#include "commands/runs/readable_runs.hpp"
#include "experiment/experiment.hpp"
#include "runs/metrics.hpp"

namespace mlrun {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostNamedBySpec = 60;  // runs; more of them are named by their ids, without reading their specs

using Tables = std::map<std::string, MetricTable>;

struct CurvePoints {
  std::vector<double> x, y;
};

// Examples that one epoch has. Journals of older versions do not say: then steps times the batch size, which counts
// the last batch of an epoch as if it were full.
double examples_per_epoch(const RunSummary& run) {
  if (run.train_examples > 0) return static_cast<double>(run.train_examples);
  if (!(run.epoch > 0)) return kNone;
  const auto batch = Experiment::load(run.path + "/resolved.yaml", {}).spec().train.batch_size;
  return static_cast<double>(run.step) / run.epoch * static_cast<double>(batch);
}

const std::vector<double>* column_of(const Tables& tables, const std::string& table, const std::string& column) {
  const auto found = tables.find(table);
  if (found == tables.end()) return nullptr;
  const auto values = found->second.columns().find(column);
  return values == found->second.columns().end() ? nullptr : &values->second;
}

std::pair<std::string, std::string> parts_of(const std::string& metric) {
  const size_t slash = metric.find('/');
  if (slash == std::string::npos) return {"valid", metric};
  return {metric.substr(0, slash), metric.substr(slash + 1)};
}

// In the order of x; of a run that went on from an earlier step, the rows are in order already.
std::optional<CurvePoints> points_of(const Tables& tables, const RunSummary& run, const std::string& metric,
                                     Abscissa against) {
  const auto [table, column] = parts_of(metric);
  const std::vector<double>* y = column_of(tables, table, column);
  const char* name = against == Abscissa::kStep ? "step" : against == Abscissa::kTime ? "time" : "epoch";
  const std::vector<double>* x = column_of(tables, table, name);
  if (!y || !x) return std::nullopt;
  CurvePoints points{*x, *y};
  const double scale = against == Abscissa::kExamples ? examples_per_epoch(run) : 1;
  for (double& value : points.x) value *= scale;
  if (std::none_of(points.y.begin(), points.y.end(), [](double v) { return std::isfinite(v); })) return std::nullopt;
  return points;
}

[[noreturn]] void no_such_metric(const std::string& metric, const std::set<std::string>& known) {
  if (known.empty())
    fail(ExitCode::kUsage, "no metrics yet: the first are recorded at the first evaluation and at train.log_every");
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  const auto nearest = nearest_name(metric, {known.begin(), known.end()});
  fail(ExitCode::kUsage, "no metric '{}' in these runs{}\n  there are   {}", metric,
       nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", list);
}

// "lr 0.001, hidden [500]": the last part of each field and its value.
std::string values_in_words(const std::vector<std::string>& fields, const std::vector<std::string>& values) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i) {
    const size_t dot = fields[i].rfind('.');
    const std::string key = dot == std::string::npos ? fields[i] : fields[i].substr(dot + 1);
    text += fmt::format("{}{} {}", i ? ", " : "", key == "kind" ? fields[i] : key, values[i].empty() ? "-" : values[i]);
  }
  return text;
}

struct CurveGroup {
  std::string name;
  std::vector<size_t> runs;  // of the request
};

// What differs is the name where that is short and tells them apart; else the id.
std::vector<CurveGroup> named_groups(const std::vector<RunSummary>& runs) {
  std::vector<CurveGroup> groups;
  for (size_t i = 0; i < runs.size(); ++i) groups.push_back({runs[i].id, {i}});
  if (runs.size() < 2 || runs.size() > kMostNamedBySpec) return groups;
  std::vector<std::string> names, left_out;
  const ReadableRuns readable = readable_runs(runs, left_out);
  if (!left_out.empty()) return groups;  // a spec that this version does not read: ids will do
  const Comparison comparison = compare_runs(readable, {});
  if (comparison.fields.empty() || comparison.fields.size() > 3) return groups;
  for (const ComparisonRow& row : comparison.rows) names.push_back(values_in_words(comparison.fields, row.values));
  if (std::set<std::string>(names.begin(), names.end()).size() < names.size()) return groups;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (names[i].size() <= 60) groups[i].name = names[i];
  }
  return groups;
}

std::vector<CurveGroup> groups_of(const CurvesRequest& request, std::vector<std::string>& left_out) {
  if (request.group_by.empty()) return named_groups(request.runs);
  const ReadableRuns readable = readable_runs(request.runs, left_out);
  if (readable.runs.empty()) fail(ExitCode::kUsage, "--group-by: none of the specs of these runs can be read");
  const Comparison comparison = compare_runs(readable, request.group_by);
  std::unordered_map<std::string, size_t> by_path;
  for (size_t i = 0; i < request.runs.size(); ++i) by_path.emplace(request.runs[i].path, i);
  std::vector<CurveGroup> groups;
  for (const ComparisonRow& row : comparison.rows) {
    CurveGroup group{values_in_words(comparison.fields, row.values), {}};
    if (!comparison.obstacle.empty()) group.name += (group.name.empty() ? "" : ", ") + row.runs[0].protocol;
    if (group.name.empty()) group.name = row.runs[0].name;
    for (const RunSummary& run : row.runs) group.runs.push_back(by_path.at(run.path));
    if (group.runs.size() > 1) group.name += fmt::format(" (mean and sd of {})", group.runs.size());
    groups.push_back(std::move(group));
  }
  return groups;
}

// Between the points; NaN outside of them.
double interpolated_at(const CurvePoints& p, double x) {
  const auto after = std::lower_bound(p.x.begin(), p.x.end(), x);
  if (after == p.x.end()) return kNone;
  const auto i = static_cast<size_t>(after - p.x.begin());
  if (*after == x) return p.y[i];
  if (i == 0) return kNone;
  const double t = (x - p.x[i - 1]) / (p.x[i] - p.x[i - 1]);
  return p.y[i - 1] + t * (p.y[i] - p.y[i - 1]);
}

// At every x that one of the runs has and all reach. Where the xs differ, runs are taken between their points.
void fill_mean(MetricCurve& curve, const std::vector<CurvePoints>& runs) {
  std::set<double> xs;
  double begin = -HUGE_VAL, end = HUGE_VAL;
  for (const CurvePoints& p : runs) {
    xs.insert(p.x.begin(), p.x.end());
    begin = std::max(begin, p.x.front());
    end = std::min(end, p.x.back());
  }
  for (const double x : xs) {
    if (!(x >= begin && x <= end)) continue;
    std::vector<double> ys;
    for (const CurvePoints& p : runs) ys.push_back(interpolated_at(p, x));
    const Spread s = spread_of(ys);
    const bool all = s.count == static_cast<int64_t>(runs.size());
    curve.x.push_back(x);
    curve.y.push_back(all ? s.mean : kNone);
    curve.low.push_back(all ? s.mean - s.sd : kNone);
    curve.high.push_back(all ? s.mean + s.sd : kNone);
  }
}

void smooth(MetricCurve& curve, double s) {
  if (s == 0) return;
  curve.raw = curve.y;
  const std::vector<double> below = smoothed(curve.low, s), above = smoothed(curve.high, s);
  curve.y = smoothed(curve.y, s);
  curve.low = below;
  curve.high = above;
}

void label_axes(MetricCurves& c, const CurvesRequest& request) {
  const auto [table, column] = parts_of(request.metrics.front());
  const std::string unit = unit_of_metric(column);
  c.y_label = request.metrics.size() == 1 ? table + "/" + column + (unit == "1" ? "" : " (" + unit + ")")
              : unit == "1"               ? "value"
                                          : unit;
  double longest = 0;
  for (const MetricCurve& curve : c.curves)
    for (const double x : curve.x) longest = std::fmax(longest, x);
  switch (request.against) {
    case Abscissa::kStep:
      c.x_label = "step";
      break;
    case Abscissa::kEpoch:
      c.x_label = "epoch";
      break;
    case Abscissa::kExamples:
      c.x_label = "examples";
      break;
    case Abscissa::kTime:
      c.x_unit = longest < 180 ? 1 : longest < 180 * 60 ? 60 : 3600;
      c.x_label = c.x_unit == 1 ? "time (s)" : c.x_unit == 60 ? "time (min)" : "time (h)";
      break;
  }
}

void require_one_unit(const std::vector<std::string>& metrics) {
  const std::string first = unit_of_metric(parts_of(metrics.front()).second);
  for (const std::string& metric : metrics) {
    const std::string unit = unit_of_metric(parts_of(metric).second);
    if (unit != first)
      fail(ExitCode::kUsage, "{} is in {}, and {} in {}: they have no axis in common", metrics.front(), first, metric,
           unit);
  }
}

// The tables of a run that these metrics are of; of no metrics: all.
Tables tables_of(const RunSummary& run, const std::vector<std::string>& metrics) {
  const auto wanted = [&](std::string_view line, std::string_view) {
    if (metrics.empty() || !is_row_of(line, "")) return true;
    return std::any_of(metrics.begin(), metrics.end(),
                       [&](const std::string& metric) { return is_row_of(line, parts_of(metric).first); });
  };
  return metric_tables(io::read_journal(run.path + "/metrics.jsonl", wanted));
}

std::set<std::string> known_metrics(const std::vector<RunSummary>& runs) {
  std::set<std::string> known;
  for (const RunSummary& run : runs)
    for (const auto& [table, columns] : tables_of(run, {}))
      for (const auto& [column, values] : columns.columns()) known.insert(table + "/" + column);
  return known;
}

}  // namespace

std::optional<Abscissa> parse_abscissa(const std::string& word) {
  if (word == "step") return Abscissa::kStep;
  if (word == "epoch") return Abscissa::kEpoch;
  if (word == "time") return Abscissa::kTime;
  if (word == "examples") return Abscissa::kExamples;
  return std::nullopt;
}

std::vector<double> smoothed(const std::vector<double>& y, double s) {
  std::vector<double> out;
  double mean = 0, weight = 0;
  for (const double value : y) {
    if (std::isfinite(value)) {
      mean = s * mean + (1 - s) * value;
      weight = s * weight + (1 - s);
    }
    out.push_back(std::isfinite(value) ? mean / weight : kNone);
  }
  return out;
}

MetricCurves curves_of(const CurvesRequest& request) {
  std::vector<Tables> tables;
  std::set<std::string> known;
  for (const RunSummary& run : request.runs) {
    tables.push_back(tables_of(run, request.metrics));
    for (const auto& [table, columns] : tables.back())
      for (const auto& [column, values] : columns.columns()) known.insert(table + "/" + column);
  }
  MetricCurves answer;
  std::map<std::pair<size_t, std::string>, CurvePoints> found;
  std::set<size_t> lacking;
  for (const std::string& metric : request.metrics) {
    const auto [table, column] = parts_of(metric);
    if (!known.contains(table + "/" + column)) no_such_metric(metric, known_metrics(request.runs));
    for (size_t i = 0; i < request.runs.size(); ++i) {
      auto points = points_of(tables[i], request.runs[i], metric, request.against);
      if (points) found[{i, metric}] = std::move(*points);
      else if (lacking.insert(i).second)
        answer.left_out.push_back(
            fmt::format("{} ({}) has no {} yet", request.runs[i].id, name_of(request.runs[i].status), metric));
    }
  }
  require_one_unit(request.metrics);
  for (const CurveGroup& group : groups_of(request, answer.left_out)) {
    for (const std::string& metric : request.metrics) {
      MetricCurve curve;
      curve.metric = metric;
      curve.name = request.metrics.size() == 1 ? group.name : group.name + ", " + metric;
      std::vector<CurvePoints> runs;
      for (const size_t i : group.runs) {
        const auto points = found.find({i, metric});
        if (points == found.end()) continue;
        runs.push_back(points->second);
        curve.runs.push_back(request.runs[i].path);
      }
      if (runs.empty()) continue;
      if (runs.size() == 1) {
        curve.x = runs[0].x;
        curve.y = runs[0].y;
      } else {
        fill_mean(curve, runs);
      }
      smooth(curve, request.smoothing);
      answer.curves.push_back(std::move(curve));
    }
  }
  if (answer.curves.empty()) no_such_metric(request.metrics.front(), {});
  label_axes(answer, request);
  for (MetricCurve& curve : answer.curves)
    for (double& x : curve.x) x /= answer.x_unit;
  return answer;
}

figure::Chart chart_of(const MetricCurves& curves) {
  figure::Chart chart;
  chart.x.label = curves.x_label;
  chart.y.label = curves.y_label;
  for (const MetricCurve& curve : curves.curves)
    chart.series.push_back({curve.name, curve.x, curve.y, curve.low, curve.high, curve.raw});
  return chart;
}

}  // namespace mlrun

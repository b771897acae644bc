#include "commands/hippo.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "commands/sampled_signal.hpp"
#include "io/directory.hpp"

namespace mlrun {
namespace {

constexpr int64_t kBuiltinLength = 1000;

std::vector<double> signal_of(const HippoRequest& request) {
  std::vector<std::string> names;
  for (const SignalName& s : builtin_signals()) names.push_back(s.name);
  if (std::find(names.begin(), names.end(), request.signal) != names.end()) {
    return builtin_signal(request.signal, request.length.value_or(kBuiltinLength), request.seed);
  }
  const bool file = request.signal == "-" || request.signal.find_first_of("./") != std::string::npos;
  if (!file && !io::exists(request.signal)) {
    const auto near = nearest_name(request.signal, names);
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    fail(ExitCode::kUsage, "no signal '{}'{}\n  expected   {}, a file of numbers, or - for standard input",
         request.signal, near ? fmt::format("; did you mean '{}'?", *near) : "", list);
  }
  return read_signal(request.signal, request.column, request.length);
}

}  // namespace

HippoOutcome project_signal(const HippoRequest& request) {
  HippoOutcome outcome;
  outcome.signal = signal_of(request);
  const auto length = static_cast<double>(outcome.signal.size());
  outcome.window = request.window.value_or(request.measure == hippo::Measure::kLagT ? length / 10 : length);
  hippo::Projection projection(request.measure, request.order, request.rule, outcome.window);
  for (size_t i = 0; i < outcome.signal.size(); ++i) {
    projection.observe(outcome.signal[i]);
    for (const double c : projection.coefficients()) {
      if (std::isfinite(c)) continue;
      fail(ExitCode::kDiverged,
           "the coefficients overflow at sample {}: {} by the {} rule is unstable at order {}\n"
           "  remedy     --discretisation bilinear or zoh, or a lower --order",
           i + 1, hippo::name_of(request.measure), hippo::name_of(request.rule), request.order);
    }
  }
  outcome.coefficients = projection.coefficients();
  outcome.error = hippo::error_of(projection, outcome.signal);
  for (size_t i = 0; i < outcome.signal.size(); ++i) {
    outcome.weight.push_back(projection.weight(static_cast<int64_t>(i)));
    outcome.reconstruction.push_back(projection.reconstruct(static_cast<int64_t>(i)));
  }
  return outcome;
}

figure::Chart chart_of(const HippoOutcome& outcome, const std::vector<HippoCurve>& curves) {
  figure::Chart chart;
  chart.x.label = "sample";
  chart.y.label = "value";
  const auto [least, greatest] = std::minmax_element(outcome.signal.begin(), outcome.signal.end());
  const double margin = *greatest > *least ? *greatest / 10 - *least / 10 : 1.0;
  chart.y.least = *least - margin;
  chart.y.greatest = *greatest + margin;
  chart.x.least = 0;
  chart.x.greatest = static_cast<double>(std::max<size_t>(outcome.signal.size() - 1, 1));
  for (const HippoCurve curve : curves) {
    const bool back = curve == HippoCurve::kReconstruction;
    figure::Series series;
    series.name = back ? "reconstruction" : "signal";
    series.colour = back ? 1 : 5;
    const std::vector<double>& values = back ? outcome.reconstruction : outcome.signal;
    for (size_t i = 0; i < values.size(); ++i) {
      series.x.push_back(static_cast<double>(i));
      series.y.push_back(back && outcome.weight[i] == 0 ? std::numeric_limits<double>::quiet_NaN() : values[i]);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string csv_of(const HippoOutcome& outcome) {
  std::string text = "i,signal,reconstruction,weight\n";
  for (size_t i = 0; i < outcome.signal.size(); ++i) {
    text += fmt::format("{},{},{},{}\n", i, print_number(outcome.signal[i]), print_number(outcome.reconstruction[i]),
                        print_number(outcome.weight[i]));
  }
  return text;
}

}  // namespace mlrun

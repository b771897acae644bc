#include "commands/hippo.hpp"

#include <algorithm>
#include <cmath>

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

io::Image plot(const std::vector<Curve>& curves, int width, int height) {
  // The frame is that of the first curve and a tenth more: a reconstruction that flies off leaves it.
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double v : *curves.front().values) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double margin = high > low ? high / 10 - low / 10 : 1.0;
  low -= margin;
  high += margin;
  io::Image image = io::Image::filled(width, height, 0);
  const auto row = [&](double v) {
    // Halves, so that the difference of two numbers that can be read is one too.
    const double y = (high / 2 - v / 2) / (high / 2 - low / 2) * static_cast<double>(height - 1);
    if (std::isnan(y)) return -2;
    return static_cast<int>(std::lround(std::clamp(y, -2.0, static_cast<double>(height) + 1)));
  };
  for (const Curve& curve : curves) {
    const auto count = static_cast<int64_t>(curve.values->size());
    for (int x = 0; x < width; ++x) {
      // All samples of this column of pixels, and the first of the next: steps are joined.
      const int64_t begin = x * count / width;
      const int64_t end = std::min(count, std::max(begin + 1, (x + 1) * count / width) + 1);
      int top = height, bottom = -1;
      for (int64_t i = begin; i < end; ++i) {
        if (curve.weight && (*curve.weight)[static_cast<size_t>(i)] == 0) continue;
        const int y = row((*curve.values)[static_cast<size_t>(i)]);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
      }
      for (int y = top; y <= bottom + curve.thickness - 1; ++y) {
        if (y >= 0 && y < height) image.at(x, y) = curve.grey;
      }
    }
  }
  return image;
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

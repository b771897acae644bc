#include "figure/scale.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "catch.hpp"

using namespace mlrun::figure;

TEST_CASE("ticks are round numbers between the ends, no more than asked for, and labelled alike") {
  for (const auto& [low, high] : {std::pair(0.0, 1.0), std::pair(79.3, 541.2), std::pair(-3e-7, 2e-6),
                                  std::pair(500.0, 30'000.0), std::pair(1e9, 1.0001e9), std::pair(-5.0, -4.9)}) {
    for (const int most : {2, 5, 9}) {
      const Scale scale(low, high, false);
      const std::vector<Tick> ticks = scale.ticks(most);
      INFO(low << " to " << high << ", at most " << most);
      CHECK(ticks.size() >= 1);
      CHECK(static_cast<int>(ticks.size()) <= most + 1);
      for (size_t i = 0; i < ticks.size(); ++i) {
        CHECK(ticks[i].value >= low - (high - low) * 1e-9);
        CHECK(ticks[i].value <= high + (high - low) * 1e-9);
        if (i > 0) CHECK(ticks[i].label != ticks[i - 1].label);
      }
    }
  }
  const std::vector<Tick> steps = Scale(500, 30'000, false).ticks(6);
  CHECK(steps.front().label == "5k");
  CHECK(steps.back().label == "30k");
  CHECK(Scale(0, 1, false).ticks(5).front().label == "0");
  CHECK(Scale(0, 1, false).ticks(5)[1].label == "0.2");
}

TEST_CASE("values that differ by roundings alone are one value, and no axis has more ticks than asked for") {
  // Sums of the same numbers in two orders, as the train and the valid row of a mixture are.
  Chart chart;
  chart.series.push_back({"", {1, 2}, {191.47547642057205, 191.47547642057222}});
  for (const bool log : {false, true}) {
    chart.y.log = log;
    const Scale y = scales_of(chart).y;
    CHECK(y.high() - y.low() > 1);
    CHECK(y.ticks(5).size() >= 1);
  }
  const double next = std::nextafter(191.0, 192.0);
  CHECK(Scale(191, next, false).ticks(5).size() <= 6);
}

TEST_CASE("a logarithmic axis has powers of ten, and 2 and 5 times these where there is room") {
  const std::vector<Tick> wide = Scale(1e-5, 10, true).ticks(8);
  REQUIRE(wide.size() >= 3);
  for (const Tick& tick : wide)
    CHECK(std::log10(tick.value) == Approx(std::round(std::log10(tick.value))).margin(1e-9));
  std::vector<std::string> labels;
  for (const Tick& tick : Scale(0.2, 30, true).ticks(9)) labels.push_back(tick.label);
  CHECK(labels == std::vector<std::string>{"0.2", "0.5", "1", "2", "5", "10", "20"});
  CHECK(Scale(80, 100, true).ticks(5).size() >= 2);  // less than a decade: evenly spaced values
  const Scale scale(0.2, 30, true);
  CHECK(scale.at(0.2) == Approx(0).margin(1e-12));
  CHECK(scale.at(30) == Approx(1));
  CHECK(scale.at(std::sqrt(0.2 * 30)) == Approx(0.5));
  CHECK(std::isnan(scale.at(0)));
  CHECK(std::isnan(scale.at(-1)));
}

namespace {

Series curve_of(int count, double (*y)(int)) {
  Series s{"curve", {}, {}};
  for (int i = 0; i < count; ++i) {
    s.x.push_back(i);
    s.y.push_back(y(i));
  }
  return s;
}

}  // namespace

TEST_CASE("the first tenth of a curve may leave the frame, and nothing else does unasked") {
  Chart chart;
  chart.series = {curve_of(50, [](int i) { return i < 3 ? 500.0 - i : 90.0 - 0.1 * i; })};
  CHECK(scales_of(chart).y.high() < 100);
  CHECK(scales_of(chart).y.low() < 85.1);
  chart.y.greatest = 600;
  CHECK(scales_of(chart).y.high() == 600);
  chart.y.greatest.reset();
  chart.series = {curve_of(50, [](int i) { return i == 25 ? 500.0 : 90.0; })};
  CHECK(scales_of(chart).y.high() > 500);
  chart.series = {curve_of(5, [](int i) { return i == 0 ? 500.0 : 90.0; })};
  CHECK(scales_of(chart).y.high() > 500);  // too short to have a beginning
  chart.series = {curve_of(50, [](int) { return 90.0; })};
  chart.lines = {{70, "a level"}};
  CHECK(scales_of(chart).y.low() < 70);
}

TEST_CASE("values that are not finite, or not above 0 on a logarithmic axis, do not count") {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();
  Chart chart;
  chart.series = {{"a", {1, 2, 3, 4, 5}, {kNaN, kInf, -1, 10, 1000}}};
  CHECK(scales_of(chart).y.high() < 1100);
  CHECK(scales_of(chart).x.low() == 3);
  chart.y.log = true;
  CHECK(scales_of(chart).y.low() > 5);
  CHECK(scales_of(chart).x.low() == 4);
  chart.series = {{"none", {1, 2}, {kNaN, kNaN}}};
  CHECK(scales_of(chart).y.low() == Approx(1).epsilon(0.1));
  chart.series.clear();
  chart.y.log = false;
  CHECK(scales_of(chart).x.low() < scales_of(chart).x.high());
  chart.series = {{"one", {7}, {3}}};
  CHECK(scales_of(chart).y.at(3) == Approx(0.5));
}

#include <clocale>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "experiment_spec.hpp"

using namespace mlrun;
using namespace mlrun::config;
using Catch::Contains;

namespace {
using Unit = Period::Unit;
}

TEST_CASE("a period is a number, blanks and a unit") {
  CHECK(parse_period("500 steps") == Period{500, Unit::kSteps});
  CHECK(parse_period("1 step") == Period{1, Unit::kSteps});
  CHECK(parse_period("1e5  steps") == Period{100000, Unit::kSteps});
  CHECK(parse_period("3 epochs") == Period{3, Unit::kEpochs});
  CHECK(parse_period("0.5 min") == Period{0.5, Unit::kMinutes});
  CHECK(parse_period("90 minutes") == Period{90, Unit::kMinutes});
  for (const char* text : {"1.5 h", "1.5 hours", "1.5 hour"}) CHECK(parse_period(text) == Period{90, Unit::kMinutes});
  for (const char* text :
       {"", "500", "steps", "500steps", "1.5 epochs", "-1 steps", "5 days", "5 Steps", "1e300 steps", "5 steps x"})
    CHECK_FALSE(parse_period(text));
  for (const Period& period : {Period{1, Unit::kEpochs}, Period{1e15, Unit::kSteps}, Period{0.1, Unit::kMinutes}})
    CHECK(parse_period(print_period(period)) == period);
  CHECK(print_period({1, Unit::kEpochs}) == "1 epoch");
}

TEST_CASE("after a mistake a field gives its fallback, or a value in range") {
  Diagnostics diagnostics;
  Document document =
      Document::from_text("a: x\nb: x\nc: x\nd: x\ne: [x, 1]\nf: x\ng: x\n", "spec.yaml", {}, diagnostics);
  Reader spec = document.root();
  CHECK(spec.integer("a", {.min = 3, .max = 9}) == 3);
  CHECK(spec.integer("b", {.min = 3, .max = 9, .fallback = 5}) == 5);
  const double real = spec.real("c", {.min = 0, .max = 1, .exclusive_min = true, .exclusive_max = true});
  CHECK((real > 0 && real < 1));
  CHECK(spec.choice("d", {"one", "two"}, {}) == "one");
  CHECK(spec.integers("e", {.min = 1, .min_size = 2}) == std::vector<int64_t>{1, 1});
  CHECK(spec.period("f", {}).amount > 0);
  CHECK(spec.boolean("g", {.fallback = true}));
  CHECK(diagnostics.count() == 7);
}

TEST_CASE("a choice that once was a boolean reads and prints true and false as a boolean does") {
  Diagnostics diagnostics;
  Document document = Document::from_text("a: true\nb: more\n", "spec.yaml", {}, diagnostics);
  Reader spec = document.root();
  const std::vector<std::string> names = {"false", "true", "more"};
  CHECK(spec.choice("a", names, {}) == "true");
  CHECK(spec.choice("b", names, {}) == "more");
  CHECK(spec.choice("c", names, {.fallback = "false"}) == "false");
  CHECK(resolved_yaml(document.declared()) == "a: true\nb: more\nc: false\n");
  CHECK(diagnostics.count() == 0);
}

TEST_CASE("a field with a word gives nothing for the word, and the word is its default") {
  Diagnostics diagnostics;
  Document document =
      Document::from_text("a: auto\nb: 3\nc: none\nd: \"none\"\ne: never\n", "spec.yaml", {}, diagnostics);
  Reader spec = document.root();
  CHECK_FALSE(spec.integer_or("a", "auto", {.fallback = 4}));
  CHECK(spec.integer_or("b", "auto", {}) == 3);
  CHECK_FALSE(spec.string_or("c", "none", {}));
  CHECK(spec.string_or("d", "none", {}) == "none");
  CHECK_FALSE(spec.period_or("e", "never", {}));
  CHECK_FALSE(spec.real_or("absent", "auto", {}));
  CHECK(spec.real_or("absent_too", "auto", {.fallback = 2.5}) == 2.5);
  spec.finish();
  CHECK(diagnostics.report() == "");
  CHECK_FALSE(spec.has("absent"));
  CHECK(spec.has("a"));
}

TEST_CASE("a text may have a rule of its own") {
  const auto rule = [](const std::string& text) {
    return text.find(' ') == std::string::npos ? "" : "a word without blanks";
  };
  Diagnostics diagnostics;
  Document document = Document::from_text("a: x y\nb: [u, v w]\nc: ''\nd: ''\n", "spec.yaml", {}, diagnostics);
  Reader spec = document.root();
  spec.string("a", {.check = rule});
  spec.strings("b", {.check = rule});
  spec.string("c", {});
  spec.string("d", {.allow_empty = true});
  CHECK_THAT(diagnostics.report(), Contains("a: expected a word without blanks, found 'x y'") &&
                                       Contains("b[1]: expected a word without blanks, found 'v w'") &&
                                       Contains("spec.yaml:3:4: error: c: expected a text that is not empty") &&
                                       Contains("3 errors"));
}

TEST_CASE("an enum is chosen by its name") {
  enum class Order { kRaster, kRandom };
  Diagnostics diagnostics;
  Reader spec = Document::from_text("order: random\n", "spec.yaml", {}, diagnostics).root();
  const std::vector<std::pair<std::string, Order>> orders = {{"raster", Order::kRaster}, {"random", Order::kRandom}};
  CHECK(spec.one_of("order", orders, {.fallback = "raster"}) == Order::kRandom);
  CHECK(spec.one_of("other", orders, {.fallback = "raster"}) == Order::kRaster);
}

TEST_CASE("a section opened twice is the same section, and its keys are judged once") {
  Diagnostics diagnostics;
  Document document = Document::from_text("train: {a: 1, b: 2, c: 3}\n", "spec.yaml", {}, diagnostics);
  Reader root = document.root();
  root.section("train").integer("a", {});
  Reader again = root.section("train");
  again.integer("b", {});
  again.finish();
  root.finish();
  CHECK(diagnostics.count() == 1);
  CHECK_THAT(diagnostics.report(), Contains("spec.yaml:1:21: error: unknown key 'c' in train"));
  CHECK(again.origin("b").print() == "spec.yaml:1:18");
}

TEST_CASE("reading does not depend on the locale") {
  CHECK(report_on("model: {kind: made}\noptim: {lr: 0.5}\n") == "");
  const char* previous = std::setlocale(LC_ALL, nullptr);
  const std::string saved = previous ? previous : "C";
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is installed, its decimal sign is a comma
  CHECK(report_on("model: {kind: made}\noptim: {lr: 0.5}\n") == "");
  std::setlocale(LC_ALL, saved.c_str());
}

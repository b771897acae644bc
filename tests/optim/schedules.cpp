#include <cmath>

#include "catch.hpp"
#include "config/document.hpp"
#include "optim/schedule.hpp"
#include "registered.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::unique_ptr<Schedule> schedule(const std::vector<std::string>& overrides) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all;
  for (const std::string& o : overrides) all.push_back("schedule." + o);
  const config::Document document = config::Document::from_text("", "test", all, diagnostics);
  config::Reader section = document.root().section("schedule");
  const auto choice = schedule_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  return choice.build();
}

constexpr TrainingLength kLength{.total_steps = 1000, .steps_per_epoch = 100};

}  // namespace

TEST_CASE("every registered schedule stays within 0 and 1 and warms up linearly") {
  for (const auto& [kind, entry] : registered(schedule_kinds())) {
    std::vector<std::string> overrides = {"kind=" + kind, "warmup=10 steps"};
    if (kind == "step") overrides.push_back("every=2 epochs");
    const auto s = schedule(overrides);
    INFO(kind);
    for (int64_t step = 0; step < 1000; ++step) {
      const double f = s->factor(step, kLength);
      CHECK((f >= 0 && f <= 1 + 1e-12));
    }
    CHECK(s->factor(4, kLength) == Approx(0.5).epsilon(0.01));
    CHECK(s->factor(10, kLength) == Approx(1.0).epsilon(0.01));
  }
}

TEST_CASE("cosine ends at final and is half way in the middle") {
  const auto s = schedule({"kind=cosine", "final=0.2"});
  CHECK(s->factor(0, kLength) == Approx(1.0));
  CHECK(s->factor(500, kLength) == Approx(0.6));
  CHECK(s->factor(1000, kLength) == Approx(0.2));
  CHECK(s->needs_total());
}

TEST_CASE("linear, step and exponential follow their formulas") {
  CHECK(schedule({"kind=linear"})->factor(250, kLength) == Approx(0.75));
  const auto step = schedule({"kind=step", "every=2 epochs", "gamma=0.5"});
  CHECK(step->factor(199, kLength) == Approx(1.0));
  CHECK(step->factor(200, kLength) == Approx(0.5));
  CHECK(step->factor(650, kLength) == Approx(0.125));
  CHECK(schedule({"kind=exponential", "gamma=0.9"})->factor(300, kLength) == Approx(std::pow(0.9, 3)));
}

TEST_CASE("every schedule counts from the end of its warm-up") {
  for (const auto& [kind, entry] : schedule_kinds().kinds()) {
    std::vector<std::string> overrides = {"kind=" + kind};
    if (kind == "step") overrides.push_back("every=2 epochs");
    const auto plain = schedule(overrides);
    overrides.push_back("warmup=150 steps");
    const auto warmed = schedule(overrides);
    INFO(kind);
    const TrainingLength longer{.total_steps = kLength.total_steps + 150, .steps_per_epoch = kLength.steps_per_epoch};
    for (int64_t step = 0; step < 1000; step += 7)
      CHECK(warmed->factor(step + 150, longer) == Approx(plain->factor(step, kLength)));
  }
}

#include <cmath>

#include "built_optimizer.hpp"
#include "catch.hpp"
#include "nn/initialisers.hpp"
#include "optim/updater.hpp"
#include "registered.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Two parameters: a weight of 1,000 numbers and a bias of 3, all starting at 1.
struct Bowl {
  ParameterArena parameters;
  Bowl() {
    const Scope scope(parameters, 1);
    const auto ones = [](Tensor& t, const RandomStream&) { t.fill(1.0f); };
    scope.parameter("weight", {10, 100}, "out,in", ParameterKind::kWeight, ones);
    scope.parameter("bias", {3}, "out", ParameterKind::kBias, ones);
    parameters.allocate();
    parameters.initialise(1);
  }
  // Gradients of sum w^2 / 2, shared out over two lanes.
  std::vector<Tensor> gradients() const {
    std::vector<Tensor> lanes = {parameters.like(), parameters.like()};
    for (int64_t i = 0; i < lanes[0].count(); ++i) {
      lanes[0].data<float>()[i] = 0.25f * parameters.flat().data<float>()[i];
      lanes[1].data<float>()[i] = 0.75f * parameters.flat().data<float>()[i];
    }
    return lanes;
  }
  double norm() const {
    double sum = 0;
    for (int64_t i = 0; i < parameters.flat().count(); ++i) sum += std::pow(parameters.flat().data<float>()[i], 2);
    return std::sqrt(sum);
  }
};

}  // namespace

TEST_CASE("every registered optimizer descends a quadratic bowl") {
  for (const auto& [kind, entry] : registered(optimizer_kinds())) {
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"weight_decay=0.1"}}) {
      std::vector<std::string> overrides = {"kind=" + kind, "lr=0.05"};
      overrides.insert(overrides.end(), more.begin(), more.end());
      Bowl bowl;
      Updater updater(bowl.parameters, built_optimizer(overrides), {});
      LanePool pool(2);
      const double before = bowl.norm();
      for (int64_t step = 0; step < 200; ++step) {
        auto lanes = bowl.gradients();
        CHECK(updater.apply(lanes, step, 1.0, pool).finite);
      }
      INFO(kind);
      CHECK(bowl.norm() < 0.7 * before);
    }
  }
}

TEST_CASE("momentum and nesterov are different rules, and nesterov without momentum is a mistake") {
  std::vector<double> norms;
  for (const std::vector<std::string>& o : {std::vector<std::string>{"kind=sgd", "lr=0.01"},
                                            {"kind=sgd", "lr=0.01", "momentum=0.9"},
                                            {"kind=sgd", "lr=0.01", "momentum=0.9", "nesterov=true"}}) {
    Bowl bowl;
    Updater updater(bowl.parameters, built_optimizer(o), {});
    LanePool pool(1);
    for (int64_t step = 0; step < 10; ++step) {
      auto lanes = bowl.gradients();
      updater.apply(lanes, step, 1.0, pool);
    }
    norms.push_back(bowl.norm());
  }
  CHECK(norms[1] < norms[0]);
  CHECK(norms[2] < norms[1]);
  CHECK_THROWS_AS(built_optimizer({"kind=sgd", "nesterov=true"}), Error);
}

TEST_CASE("weight decay acts on weights and not on biases") {
  Bowl bowl;
  Updater updater(bowl.parameters, built_optimizer({"kind=sgd", "lr=0.1", "weight_decay=0.5"}), {});
  LanePool pool(1);
  std::vector<Tensor> none = {bowl.parameters.like()};
  updater.apply(none, 0, 1.0, pool);
  CHECK(bowl.parameters.value(0).data<float>()[0] == Approx(0.95));
  CHECK(bowl.parameters.value(1).data<float>()[0] == 1.0f);
}

TEST_CASE("clipping scales the gradient to the given norm, and only a larger one") {
  for (const double clip : {0.5, 1e6}) {
    Bowl bowl;
    Updater updater(bowl.parameters, built_optimizer({"kind=sgd", "lr=1"}), {.clip_norm = clip});
    LanePool pool(1);
    auto lanes = bowl.gradients();
    const auto outcome = updater.apply(lanes, 0, 1.0, pool);
    const double norm = std::sqrt(1003.0);
    CHECK(outcome.gradient_norm == Approx(norm));
    CHECK(bowl.parameters.value(0).data<float>()[5] == Approx(clip < norm ? 1.0 - clip / norm : 0.0).margin(1e-6));
  }
}

TEST_CASE("a gradient that is not finite changes nothing, and its parameter is named") {
  Bowl bowl;
  Updater updater(bowl.parameters, built_optimizer({"kind=adam"}), {.average_decay = 0.5});
  LanePool pool(2);
  auto lanes = bowl.gradients();
  lanes[1].data<float>()[bowl.parameters.parameters()[1].offset + 2] = std::numeric_limits<float>::infinity();
  const auto outcome = updater.apply(lanes, 0, 1.0, pool);
  CHECK_FALSE(outcome.finite);
  CHECK(updater.not_finite(lanes[0]) == "bias");
  CHECK(bowl.norm() == Approx(std::sqrt(1003.0)));
  for (auto& [name, slot] : updater.slots()) {
    INFO(name);
    CHECK(slot.data<float>()[0] == 0.0f);
  }
}

TEST_CASE("the moving average of the weights follows its formula") {
  Bowl bowl;
  Updater updater(bowl.parameters, built_optimizer({"kind=sgd", "lr=0.5"}), {.average_decay = 0.9});
  updater.begin_average();
  LanePool pool(1);
  auto lanes = bowl.gradients();
  updater.apply(lanes, 0, 1.0, pool);  // the first step hardly counts the initial weights: (1 + 0) / (10 + 0)
  CHECK(updater.average()->weights.data<float>()[0] == Approx(0.1 * 1.0 + 0.9 * 0.5));
  const float average = updater.average()->weights.data<float>()[0];
  lanes = bowl.gradients();
  updater.apply(lanes, 1000, 1.0, pool);
  const float weight = bowl.parameters.flat().data<float>()[0];
  CHECK(updater.average()->weights.data<float>()[0] == Approx(0.9f * average + 0.1f * weight));
}

TEST_CASE("states that evaluation reads are averaged with the weights, bookkeeping is not") {
  ParameterArena arena;
  const Scope scope(arena, 3);
  scope.parameter("weight", {1}, "", ParameterKind::kWeight, initialise::constant(1.0f));
  const Tensor table = scope.state("table", {1}, "", StateKind::kEvaluated, initialise::constant(2.0f));
  scope.state("steps", {1}, "", StateKind::kBookkeeping, initialise::zeros());
  arena.allocate();
  arena.initialise(1);
  Updater updater(arena, built_optimizer({"kind=sgd"}), {.average_decay = 0.9});
  updater.begin_average();
  const std::vector<Tensor>& averages = updater.average()->states;
  REQUIRE(averages.size() == 2);
  CHECK(!averages[1].defined());
  CHECK(averages[0].data<float>()[0] == 2.0f);
  Tensor(table).data<float>()[0] = 12;
  updater.average_states(1000);
  CHECK(averages[0].data<float>()[0] == Approx(0.9 * 2 + 0.1 * 12));
  CHECK(table.data<float>()[0] == 12.0f);
}

#include "nn/parameters.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "nn/initialisers.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using test::numbers;

namespace {

void declare(const Scope& scope, const std::string& name, int64_t count) {
  scope.parameter(name, {count}, "out", ParameterKind::kWeight, initialise::normal(1));
}

std::vector<double> values_of(const ParameterArena& arena, const std::string& path) {
  for (size_t i = 0; i < arena.parameters().size(); ++i) {
    if (arena.parameters()[i].path == path) return numbers(arena.value(i));
  }
  FAIL("no parameter " << path);
  return {};
}

}  // namespace

TEST_CASE("parameters are windows into one arena, by their paths, with gaps of 0 between them") {
  ParameterArena arena;
  const Scope scope(arena, 1);
  const Parameter a = scope.parameter("a", {3}, "out", ParameterKind::kBias, initialise::constant(1)),
                  b = (scope / "layer" / "0")
                          .parameter("b", {2, 5}, "out,in", ParameterKind::kWeight, initialise::constant(2));
  arena.allocate();
  arena.initialise(1);
  CHECK(a.info().path == "a");
  CHECK(b.info().path == "layer/0/b");
  CHECK(b.info().offset % 16 == 0);  // 64 bytes
  CHECK(arena.parameter_count() == 13);
  double sum = 0;
  for (const double x : numbers(arena.flat())) sum += x;
  CHECK(sum == 3 * 1 + 10 * 2);
  CHECK(b.value().data<float>() == arena.flat().data<float>() + b.info().offset);
  const Tensor gradients = arena.like();
  CHECK(arena.window(gradients, b.index()).data<float>() == gradients.data<float>() + b.info().offset);
}

TEST_CASE("an initial value depends on the seed and the parameter's path, and on no other parameter") {
  ParameterArena one, other, more;
  declare(Scope(one, 1) / "layer", "w", 40);
  declare(Scope(other, 1) / "layer", "w", 40);
  declare(Scope(more, 1) / "before", "w", 7);
  declare(Scope(more, 1) / "layer", "w", 40);
  for (ParameterArena* arena : {&one, &other, &more}) arena->allocate();
  one.initialise(1);
  other.initialise(2);
  more.initialise(1);
  CHECK(values_of(one, "layer/w") != values_of(other, "layer/w"));
  CHECK(values_of(one, "layer/w") == values_of(more, "layer/w"));
}

TEST_CASE("a frozen model has the streams of its own run, and trains nothing") {
  ParameterArena alone, inside;
  const Scope own(alone, 7), frozen = (Scope(inside, 1) / "of").frozen("0", 7);
  declare(own / "layer", "w", 4);
  declare(frozen / "layer", "w", 4);
  CHECK(inside.parameters()[0].path == "of/0/layer/w");
  REQUIRE(inside.parameters()[0].trained.size() == 1);
  CHECK(inside.parameters()[0].trained[0].begin == inside.parameters()[0].trained[0].end);
  CHECK(alone.parameters()[0].trained.empty());
  CHECK((own / "layer").random("order").block(0) == (frozen / "layer").random("order").block(0));
}

TEST_CASE("statistics of lanes are summed, and begin at zero") {
  ParameterArena arena;
  const Scope scope(arena, 1);
  const Statistic first = scope.statistic({2}), second = scope.statistic({3});
  arena.allocate();
  std::vector<Statistics> lanes(3, Statistics());
  for (size_t l = 0; l < lanes.size(); ++l) {
    lanes[l] = arena.statistics();
    CHECK(numbers(lanes[l][second.index()]) == std::vector<double>{0, 0, 0});
    lanes[l][first.index()].fill(static_cast<float>(l + 1));
  }
  CHECK(numbers(sum_over_lanes(lanes, first)) == std::vector<double>{6, 6});
}

TEST_CASE("uniform initial values fill their bounds, and none goes beyond") {
  Tensor value({4000});
  initialise::kaiming_uniform(24)(value, RandomStream(1, "test"));  // sqrt(6 / 24)
  const std::vector<double> all = numbers(value);
  CHECK(*std::max_element(all.begin(), all.end()) <= 0.5);
  CHECK(*std::max_element(all.begin(), all.end()) > 0.49);
  CHECK(*std::min_element(all.begin(), all.end()) < -0.49);
}

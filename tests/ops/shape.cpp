#include "ops/shape.hpp"

#include "catch.hpp"
#include "ops/gradient_check.hpp"
#include "ops/reduce.hpp"

namespace mlrun {

using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::random_tensor;

TEST_CASE("gradients of moves agree with differences, on every axis") {
  const Tensor x = random_tensor({3, 4, 5}, 1), y = random_tensor({3, 4, 5}, 2);
  CHECK(gradient_error([](auto& v) { return ops::reshape(v[0], {-1, 6}); }, {x}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::permute(v[0], {2, 0, 1}); }, {x}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::transpose(v[0]); }, {x}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::take(v[0], {4, 0, 0, 2}); }, {x}) < kGradientLimit);
  CHECK(gradient_error(
            [](auto& v) {
              return ops::take_groups(ops::reshape(v[0], {3, 20}), {3, 1, 3, 0}, 4);
            },
            {x}) < kGradientLimit);
  for (int64_t axis = -3; axis < 3; ++axis) {
    INFO("axis " << axis);
    CHECK(gradient_error([&](auto& v) { return ops::slice(v[0], axis, 1, 3); }, {x}) < kGradientLimit);
    CHECK(gradient_error([&](auto& v) { return ops::concat({v[0], v[1], v[0]}, axis); }, {x, y}) < kGradientLimit);
  }
}

TEST_CASE("moves put numbers where they say") {
  const Tensor x = Tensor::of({2, 3}, {0, 1, 2, 3, 4, 5});
  CHECK(difference(ops::transpose(x).value(), Tensor::of({3, 2}, {0, 3, 1, 4, 2, 5})) == 0);
  CHECK(difference(ops::slice(x, 1, 1, 3).value(), Tensor::of({2, 2}, {1, 2, 4, 5})) == 0);
  CHECK(difference(ops::slice(x, 0, 1, 2).value(), Tensor::of({1, 3}, {3, 4, 5})) == 0);
  CHECK(difference(ops::concat({x, x}, 0).value(), Tensor::of({4, 3}, {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5})) == 0);
  CHECK(difference(ops::take(x, {2, 0}).value(), Tensor::of({2, 2}, {2, 0, 5, 3})) == 0);
  CHECK(ops::reshape(x, {3, -1}).shape() == Shape{3, 2});
}

TEST_CASE("gradients of sums and means agree with differences, over every set of axes") {
  const Tensor x = random_tensor({2, 3, 4}, 3);
  CHECK(gradient_error([](auto& v) { return ops::sum(v[0]); }, {x}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::mean(v[0]); }, {x}) < kGradientLimit);
  for (const kernels::Axes& axes : std::vector<kernels::Axes>{{}, {0}, {1}, {-1}, {0, 2}, {0, 1}, {0, 1, 2}}) {
    for (const bool keep : {false, true}) {
      INFO(to_string(axes) << " keep " << keep);
      CHECK(gradient_error([&](auto& v) { return ops::sum(v[0], axes, keep); }, {x}) < kGradientLimit);
      CHECK(gradient_error([&](auto& v) { return ops::mean(v[0], axes, keep); }, {x}) < kGradientLimit);
    }
  }
  const Tensor y = Tensor::of({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(ops::sum(y).shape() == Shape{});
  CHECK(*ops::sum(y).value().data<float>() == 21);
  CHECK(*ops::mean(y).value().data<float>() == 3.5f);
  CHECK(difference(ops::sum(y, {0}).value(), std::vector<double>{5, 7, 9}) == 0);
  CHECK(difference(ops::mean(y, {-1}).value(), std::vector<double>{2, 5}) == 0);
}

}  // namespace mlrun

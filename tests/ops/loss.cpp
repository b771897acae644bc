#include "ops/loss.hpp"

#include "catch.hpp"
#include "kernels/vector/broadcast.hpp"
#include "ops/activation.hpp"
#include "ops/gradient_check.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::numbers;
using test::random_symbols;
using test::random_tensor;

Tensor onehot(const Tensor& symbols, int64_t classes) {
  Shape shape = symbols.shape();
  shape.push_back(classes);
  Tensor y = Tensor::zeros(shape);
  for (int64_t i = 0; i < symbols.count(); ++i) y.data<float>()[i * classes + symbols.data<int32_t>()[i]] = 1.0f;
  return y;
}

Tensor as_floats(const Tensor& symbols) {
  Tensor y(symbols.shape());
  for (int64_t i = 0; i < y.count(); ++i) y.data<float>()[i] = static_cast<float>(symbols.data<int32_t>()[i]);
  return y;
}

}  // namespace

TEST_CASE("gradients of the softmax family agree with differences at odd lengths") {
  for (const Shape& shape : std::vector<Shape>{{1}, {3, 2}, {2, 3, 7}, {2, 17}}) {
    const Tensor x = random_tensor(shape, 1);
    INFO(to_string(shape));
    CHECK(gradient_error([](auto& v) { return ops::softmax(v[0]); }, {x}) < kGradientLimit);
    CHECK(gradient_error([](auto& v) { return ops::log_softmax(v[0]); }, {x}) < kGradientLimit);
    CHECK(gradient_error([](auto& v) { return ops::logsumexp(v[0]); }, {x}) < kGradientLimit);
  }
}

TEST_CASE("the softmax family agrees with its compositions") {
  const Tensor x = random_tensor({5, 11}, 2, -3, 3), w = random_tensor({5, 11}, 3);
  const test::Graph lse = [](auto& v) { return ops::log(ops::sum(ops::exp(v[0]), {-1}, true)); };
  const test::Graph log_softmax = [&](auto& v) { return ops::sub(v[0], lse(v)); };
  const test::Graph softmax = [](auto& v) {
    const Variable e = ops::exp(v[0]);
    return ops::div(e, ops::sum(e, {-1}, true));
  };
  const auto same = [&](const test::Graph& fused, const test::Graph& composed) {
    CHECK(difference(test::evaluate(fused, {x}).value(), test::evaluate(composed, {x}).value()) < 2e-6);
    CHECK(difference(test::gradients(fused, {x}, w)[0], test::gradients(composed, {x}, w)[0]) < 4e-6);
  };
  same([](auto& v) { return ops::softmax(v[0]); }, softmax);
  same([](auto& v) { return ops::log_softmax(v[0]); }, log_softmax);
  CHECK(difference(numbers(ops::logsumexp(x).value()), numbers(test::evaluate(lse, {x}).value())) < 2e-6);
}

TEST_CASE("categorical negative log likelihood is the picked log probabilities' sum, and so is its gradient") {
  const Tensor x = random_tensor({3, 4, 6}, 4, -2, 2), t = random_symbols({3, 4}, 6, 5);
  const Tensor w = random_tensor({3}, 6), hot = onehot(t, 6);
  const test::Graph fused = [&](auto& v) { return ops::categorical_nll(v[0], t); };
  const test::Graph composed = [&](auto& v) {
    return ops::negate(ops::sum(ops::mul(ops::log_softmax(v[0]), hot), {1, 2}));
  };
  CHECK(test::evaluate(fused, {x}).shape() == Shape{3});
  CHECK(difference(test::evaluate(fused, {x}).value(), test::evaluate(composed, {x}).value()) < 2e-6);
  CHECK(difference(test::gradients(fused, {x}, w)[0], test::gradients(composed, {x}, w)[0]) < 2e-6);
  CHECK(gradient_error(fused, {random_tensor({3, 4, 6}, 7)}) < kGradientLimit);
  CHECK_THROWS_AS(ops::categorical_nll(x, random_symbols({3, 5}, 6, 5)), Error);
}

TEST_CASE("Bernoulli negative log likelihood is softplus(l) - x l, and so is its gradient") {
  for (const int64_t d : {1, 5, 16, 37}) {
    const Tensor l = random_tensor({4, d}, 8, -3, 3), t = random_symbols({4, d}, 2, 9), w = random_tensor({4}, 10);
    const test::Graph fused = [&](auto& v) { return ops::bernoulli_nll(v[0], t); };
    const test::Graph composed = [&](auto& v) {
      return ops::sum(ops::sub(ops::softplus(v[0]), ops::mul(v[0], as_floats(t))), {1});
    };
    CHECK(test::evaluate(fused, {l}).shape() == Shape{4});
    CHECK(difference(test::evaluate(fused, {l}).value(), test::evaluate(composed, {l}).value()) < 2e-6);
    CHECK(difference(test::gradients(fused, {l}, w)[0], test::gradients(composed, {l}, w)[0]) < 2e-6);
    CHECK(gradient_error(fused, {random_tensor({4, d}, 11)}) < kGradientLimit);
  }
  CHECK_THROWS_AS(ops::bernoulli_nll(random_tensor({4, 5}, 8), random_symbols({4, 6}, 2, 9)), Error);
}

TEST_CASE("two classes are a Bernoulli variable") {
  const Tensor l = random_tensor({3, 9}, 12, -2, 2), t = random_symbols({3, 9}, 2, 13);
  Tensor two = Tensor::zeros({3, 9, 2});
  for (int64_t i = 0; i < 27; ++i) two.data<float>()[2 * i + 1] = l.data<float>()[i];
  CHECK(difference(ops::categorical_nll(two, t).value(), ops::bernoulli_nll(l, t).value()) < 2e-6);
}

}  // namespace mlrun

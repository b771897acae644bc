#include "ops/elementwise.hpp"

#include "catch.hpp"
#include "ops/activation.hpp"
#include "ops/gradient_check.hpp"

namespace mlrun {

using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::random_tensor;

TEST_CASE("gradients of broadcasting arithmetic agree with differences") {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{7}, {7}},       {{3, 5}, {5}},      {{3, 5}, {3, 1}},
                                                       {{3, 1}, {1, 5}}, {{}, {4}},          {{2, 3, 4}, {3, 1}},
                                                       {{1}, {1}},       {{2, 1, 3}, {4, 1}}};
  for (const auto& [a, b] : shapes) {
    for (const bool swapped : {false, true}) {
      const std::vector<Tensor> inputs = {random_tensor(swapped ? b : a, 1),
                                          random_tensor(swapped ? a : b, 2, 0.5f, 1.5f)};
      INFO(to_string(inputs[0].shape()) << " with " << to_string(inputs[1].shape()));
      CHECK(gradient_error([](auto& v) { return ops::add(v[0], v[1]); }, inputs) < kGradientLimit);
      CHECK(gradient_error([](auto& v) { return ops::sub(v[0], v[1]); }, inputs) < kGradientLimit);
      CHECK(gradient_error([](auto& v) { return ops::mul(v[0], v[1]); }, inputs) < kGradientLimit);
      CHECK(gradient_error([](auto& v) { return ops::div(v[0], v[1]); }, inputs) < kGradientLimit);
    }
  }
}

TEST_CASE("arithmetic gives the numbers it says") {
  const Tensor a = Tensor::of({3}, {1, 2, 4}), b = Tensor::of({3}, {2, 4, -8});
  CHECK(difference(ops::add(a, b).value(), std::vector<double>{3, 6, -4}) == 0);
  CHECK(difference(ops::sub(a, b).value(), std::vector<double>{-1, -2, 12}) == 0);
  CHECK(difference(ops::mul(a, b).value(), std::vector<double>{2, 8, -32}) == 0);
  CHECK(difference(ops::div(a, b).value(), std::vector<double>{0.5, 0.5, -0.5}) == 0);
  CHECK(difference(ops::affine(a, 2, 1).value(), std::vector<double>{3, 5, 9}) == 0);
  CHECK(difference(ops::scale(a, 3).value(), std::vector<double>{3, 6, 12}) == 0);
  CHECK(difference(ops::negate(a).value(), std::vector<double>{-1, -2, -4}) == 0);
  CHECK(difference(ops::square(b).value(), std::vector<double>{4, 16, 64}) == 0);
  CHECK(difference(ops::sqrt(a).value(), std::vector<double>{1, std::sqrt(2), 2}) < 1e-7);
  CHECK(difference(ops::exp(a).value(), std::vector<double>{std::exp(1), std::exp(2), std::exp(4)}) < 1e-6);
  CHECK(difference(ops::log(a).value(), std::vector<double>{0, std::log(2), std::log(4)}) < 1e-6);
  CHECK(difference(ops::clamp(b, -1, 3).value(), std::vector<double>{2, 3, -1}) == 0);
}

TEST_CASE("gradients of functions of one number agree with differences") {
  const Tensor x = random_tensor({37}, 3, -1, 1, 0.05f), positive = random_tensor({37}, 4, 0.3f, 1.3f);
  using Case = std::pair<const char*, std::function<Variable(const Variable&)>>;
  const std::vector<Case> cases = {
      {"affine", [](const Variable& v) { return ops::affine(v, -1.5f, 2); }},
      {"scale", [](const Variable& v) { return ops::scale(v, 0.5f); }},
      {"negate", [](const Variable& v) { return ops::negate(v); }},
      {"exp", [](const Variable& v) { return ops::exp(v); }},
      {"square", [](const Variable& v) { return ops::square(v); }},
      {"sigmoid", [](const Variable& v) { return ops::sigmoid(v); }},
      {"tanh", [](const Variable& v) { return ops::tanh(v); }},
      {"relu", [](const Variable& v) { return ops::relu(v); }},
      {"gelu", [](const Variable& v) { return ops::gelu(v); }},
      {"silu", [](const Variable& v) { return ops::silu(v); }},
      {"softplus", [](const Variable& v) { return ops::softplus(v); }},
      {"log", [](const Variable& v) { return ops::log(ops::affine(v, 1, 2)); }},
      {"clamp", [](const Variable& v) { return ops::clamp(ops::affine(v, 1, 1), 1, 1.9f); }},
  };
  for (const auto& [name, f] : cases) {
    INFO(name);
    const Tensor in = std::string_view(name) == "clamp" ? random_tensor({37}, 5, 0.05f, 0.85f) : x;
    CHECK(gradient_error([&op = f](auto& v) { return op(v[0]); }, {in}) < kGradientLimit);
  }
  CHECK(gradient_error([](auto& v) { return ops::sqrt(v[0]); }, {positive}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::log(v[0]); }, {positive}) < kGradientLimit);
}

TEST_CASE("clamp stops the gradient outside its interval") {
  const Tensor x = Tensor::of({3}, {-2, 0, 2});
  const auto g = test::gradients([](auto& v) { return ops::clamp(v[0], -1, 1); }, {x}, Tensor::full({3}, 1.0f));
  CHECK(difference(g[0], std::vector<double>{0, 1, 0}) == 0);
}

TEST_CASE("fused activations equal their compositions, values and gradients") {
  const Tensor x = random_tensor({41}, 6, -3, 3), w = random_tensor({41}, 7);
  const auto same = [&](const test::Graph& fused, const test::Graph& composed) {
    CHECK(difference(test::evaluate(fused, {x}).value(), test::evaluate(composed, {x}).value()) < 2e-6);
    CHECK(difference(test::gradients(fused, {x}, w)[0], test::gradients(composed, {x}, w)[0]) < 4e-6);
  };
  same([](auto& v) { return ops::silu(v[0]); }, [](auto& v) { return ops::mul(v[0], ops::sigmoid(v[0])); });
  same([](auto& v) { return ops::softplus(v[0]); },
       [](auto& v) { return ops::log(ops::affine(ops::exp(v[0]), 1, 1)); });
  same([](auto& v) { return ops::sigmoid(v[0]); },
       [](auto& v) { return ops::div(Tensor::full({}, 1.0f), ops::affine(ops::exp(ops::negate(v[0])), 1, 1)); });
}

}  // namespace mlrun

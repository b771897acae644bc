#include "ops/linear.hpp"

#include <memory>

#include "catch.hpp"
#include "kernels/vector/broadcast.hpp"
#include "ops/elementwise.hpp"
#include "ops/gradient_check.hpp"
#include "ops/staircase.hpp"

namespace mlrun {
namespace {

using ops::Transpose;
using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::random_tensor;
constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

Tensor mask_of(const std::vector<int64_t>& limits, int64_t in) {
  Tensor mask = Tensor::zeros({static_cast<int64_t>(limits.size()), in});
  for (size_t r = 0; r < limits.size(); ++r) {
    std::fill_n(mask.data<float>() + static_cast<int64_t>(r) * in, limits[r], 1.0f);
  }
  return mask;
}

}  // namespace

TEST_CASE("gradients of matrix products agree with differences, transposed, batched and shared") {
  for (const Transpose ta : kBoth) {
    for (const Transpose tb : kBoth) {
      for (const int shared : {0, 1, 2, 3}) {  // no batch, both batched, a shared, b shared
        Shape a = ta == Transpose::kNo ? Shape{3, 5} : Shape{5, 3};
        Shape b = tb == Transpose::kNo ? Shape{5, 4} : Shape{4, 5};
        if (shared == 1 || shared == 3) a.insert(a.begin(), 2);
        if (shared == 1 || shared == 2) b.insert(b.begin(), 2);
        INFO(to_string(a) << " with " << to_string(b));
        CHECK(gradient_error([&](auto& v) { return ops::matmul(v[0], v[1], ta, tb); },
                             {random_tensor(a, 1), random_tensor(b, 2)}) < kGradientLimit);
      }
    }
  }
}

TEST_CASE("a linear layer by rows is the linear layer for any number of them, and so are its gradients") {
  for (const int64_t rows : {1, 2, 17, 70}) {
    const Tensor x = random_tensor({rows, 9}, 1), w = random_tensor({37, 9}, 2), b = random_tensor({37}, 3);
    CHECK(difference(ops::row_linear(x, w, b).value(), ops::linear(x, w, b).value()) < 1e-5);
    CHECK(difference(ops::row_linear(x, w).value(), ops::linear(x, w).value()) < 1e-5);
    const auto of = [&](auto layer) {
      return test::gradients([&](auto& v) { return ops::add(layer(v[0], v[1], v[2]), layer(v[0], v[1], v[2])); },
                             {x, w, b}, random_tensor({rows, 37}, 4));
    };
    const auto found = of([](auto&v, auto&weight, auto&bias) { return ops::row_linear(v, weight, bias); }),
               expected = of([](auto&v, auto&weight, auto&bias) { return ops::linear(v, weight, bias); });
    REQUIRE(found.size() == 3);
    for (size_t i = 0; i < 3; ++i) CHECK(difference(found[i], expected[i]) < 1e-4);
  }
}

TEST_CASE("a linear layer is x W^T + b, for any leading axes") {
  const Tensor x = Tensor::of({2, 2}, {1, 2, 3, 4}), w = Tensor::of({3, 2}, {1, 0, 0, 1, 1, 1});
  const Tensor b = Tensor::of({3}, {10, 20, 30});
  CHECK(difference(ops::linear(x, w, b).value(), std::vector<double>{11, 22, 33, 13, 24, 37}) == 0);
  CHECK(difference(ops::linear(x, w).value(), std::vector<double>{1, 2, 3, 3, 4, 7}) == 0);
  CHECK(ops::linear(random_tensor({2, 1, 3, 2}, 3), w, b).shape() == Shape{2, 1, 3, 3});
  CHECK(ops::linear(random_tensor({2}, 3), w, b).shape() == Shape{3});
  CHECK_THROWS_AS(ops::linear(random_tensor({2, 3}, 3), w, b), Error);
  CHECK_THROWS_AS(ops::linear(x, w, Tensor({2})), Error);
}

TEST_CASE("gradients of linear layers agree with differences") {
  for (const Shape& shape : std::vector<Shape>{{4, 6}, {2, 3, 6}, {1, 6}}) {
    const Tensor x = random_tensor(shape, 4), w = random_tensor({5, 6}, 5), b = random_tensor({5}, 6);
    CHECK(gradient_error([](auto& v) { return ops::linear(v[0], v[1], v[2]); }, {x, w, b}) < kGradientLimit);
    CHECK(gradient_error([](auto& v) { return ops::linear(v[0], v[1]); }, {x, w}) < kGradientLimit);
    const Tensor mask = test::random_symbols({5, 6}, 2, 7);
    Tensor m({5, 6});
    for (int64_t i = 0; i < 30; ++i) m.data<float>()[i] = static_cast<float>(mask.data<int32_t>()[i]);
    CHECK(gradient_error([&](auto& v) { return ops::masked_linear(v[0], v[1], v[2], m); }, {x, w, b}) < kGradientLimit);
  }
}

TEST_CASE("a masked layer is a linear layer with a masked weight, and its gradient is 0 where masked") {
  const Tensor x = random_tensor({7, 9}, 8), w = random_tensor({6, 9}, 9), b = random_tensor({6}, 10);
  const Tensor mask = mask_of({0, 2, 2, 5, 8, 9}, 9), weights = random_tensor({7, 6}, 11);
  const test::Graph fused = [&](auto& v) { return ops::masked_linear(v[0], v[1], v[2], mask); };
  const test::Graph composed = [&](auto& v) { return ops::linear(v[0], ops::mul(v[1], mask), v[2]); };
  CHECK(difference(test::evaluate(fused, {x, w, b}).value(), test::evaluate(composed, {x, w, b}).value()) == 0);
  const auto f = test::gradients(fused, {x, w, b}, weights), c = test::gradients(composed, {x, w, b}, weights);
  for (size_t i = 0; i < 3; ++i) CHECK(difference(f[i], c[i]) < 1e-6);
  for (int64_t i = 0; i < 54; ++i) CHECK((mask.data<float>()[i] == 1.0f || f[1].data<float>()[i] == 0.0f));
  // Two masks on one weight: each masks its own part of the gradient only.
  const Tensor other = mask_of({9, 9, 1, 1, 1, 1}, 9);
  const auto both = [&](bool composed_too) -> test::Graph {
    return [&, composed_too](auto& v) {
      if (composed_too) {
        return ops::add(ops::linear(v[0], ops::mul(v[1], mask)), ops::linear(v[0], ops::mul(v[1], other)));
      }
      return ops::add(ops::masked_linear(v[0], v[1], {}, mask), ops::masked_linear(v[0], v[1], {}, other));
    };
  };
  CHECK(difference(test::gradients(both(false), {x, w}, weights)[1], test::gradients(both(true), {x, w}, weights)[1]) <
        1e-6);
}

TEST_CASE("a staircase layer equals the masked layer of its mask, values and gradients") {
  for (const auto& limits :
       std::vector<std::vector<int64_t>>{{0, 2, 2, 5, 8, 9}, {9, 9, 9, 9, 9, 9}, {0, 0, 0, 0, 0, 0}}) {
    const Tensor mask = mask_of(limits, 9), x = random_tensor({7, 9}, 12), b = random_tensor({6}, 13);
    const Tensor w = kernels::mul(random_tensor({6, 9}, 14), mask), weights = random_tensor({7, 6}, 15);
    const ops::StaircasePtr staircase = std::make_shared<const kernels::Staircase>(limits, 9, 7);
    const test::Graph stairs = [&](auto& v) { return ops::staircase_linear(v[0], v[1], v[2], staircase); };
    const test::Graph masked = [&](auto& v) { return ops::masked_linear(v[0], v[1], v[2], mask); };
    CHECK(difference(test::evaluate(stairs, {x, w, b}).value(), test::evaluate(masked, {x, w, b}).value()) < 1e-6);
    const auto s = test::gradients(stairs, {x, w, b}, weights), m = test::gradients(masked, {x, w, b}, weights);
    for (size_t i = 0; i < 3; ++i) CHECK(difference(s[i], m[i]) < 1e-6);
    // The same weight twice: the second gradient is added, also behind the staircase.
    const test::Graph twice = [&](auto& v) {
      return ops::add(ops::staircase_linear(v[0], v[1], {}, staircase),
                      ops::staircase_linear(v[0], v[1], {}, staircase));
    };
    const auto t = test::gradients(twice, {x, w}, weights);
    CHECK(difference(t[1], kernels::add(m[1], m[1])) < 1e-6);
    CHECK(difference(t[0], kernels::add(m[0], m[0])) < 1e-6);
  }
}

TEST_CASE("a large staircase layer equals the masked layer") {
  std::vector<int64_t> limits;
  for (int64_t r = 0; r < 190; ++r) limits.push_back(r * 257 / 190);
  const Tensor mask = mask_of(limits, 257), x = random_tensor({33, 257}, 16), b = random_tensor({190}, 17);
  const Tensor w = kernels::mul(random_tensor({190, 257}, 18), mask), weights = random_tensor({33, 190}, 19);
  const ops::StaircasePtr staircase = std::make_shared<const kernels::Staircase>(limits, 257, 33);
  const test::Graph stairs = [&](auto& v) { return ops::staircase_linear(v[0], v[1], v[2], staircase); };
  const test::Graph masked = [&](auto& v) { return ops::masked_linear(v[0], v[1], v[2], mask); };
  CHECK(difference(test::evaluate(stairs, {x, w, b}).value(), test::evaluate(masked, {x, w, b}).value()) < 1e-5);
  const auto s = test::gradients(stairs, {x, w, b}, weights), m = test::gradients(masked, {x, w, b}, weights);
  for (size_t i = 0; i < 3; ++i) CHECK(difference(s[i], m[i]) < 1e-5);
}

}  // namespace mlrun

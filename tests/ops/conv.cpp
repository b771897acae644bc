#include "ops/conv/conv.hpp"

#include "catch.hpp"
#include "gradient_check.hpp"
#include "kernels/vector/broadcast.hpp"
#include "ops/activation.hpp"
#include "ops/gate.hpp"
#include "ops/shape.hpp"

namespace mlrun {

using test::difference;
using test::random_tensor;

TEST_CASE("the gradients of a convolution agree with differences, also through relu and what is added") {
  const kernels::Outline outline = {{-1, -1, 1}, {0, -1, 0}};
  const Tensor x = random_tensor({2, 3, 4, 3}, 1, -1, 1, 0.05f), w = random_tensor({5, 3, 4}, 2),
               b = random_tensor({4}, 3);
  const Tensor add = random_tensor({2, 3, 4, 4}, 4);
  CHECK(test::gradient_error([&](auto& v) { return ops::conv(v[0], v[1], v[2], outline, {.relu = true, .add = v[3]}); },
                             {x, w, b, add}) < test::kGradientLimit);
  CHECK(test::gradient_error([&](auto& v) { return ops::conv(v[0], v[1], {}, outline); }, {x, w}) <
        test::kGradientLimit);
}

TEST_CASE("the gradients of a convolution with a stride, and of its transpose, agree with differences") {
  const kernels::Outline outline = {{-1, -1, 2}, {0, -1, 2}, {1, -1, 2}, {2, -1, 2}};
  const Tensor x = random_tensor({2, 4, 6, 2}, 1), w = random_tensor({4, 4, 2, 3}, 2), b = random_tensor({3}, 3);
  CHECK(test::gradient_error(
            [&](auto& v) { return ops::conv(v[0], v[1], v[2], outline, {.relu = false, .add = {}, .stride = 2}); },
            {x, w, b}) < test::kGradientLimit);
  const Tensor z = random_tensor({2, 2, 3, 3}, 4), c = random_tensor({2}, 5);
  CHECK(test::gradient_error([&](auto& v) { return ops::conv_transposed(v[0], v[1], v[2], outline, 2); }, {z, w, c}) <
        test::kGradientLimit);
}

TEST_CASE("a transposed convolution is the transpose of the convolution: <conv x, z> = <x, transposed z>") {
  const kernels::Outline outline = {{-1, -1, 2}, {0, -1, 2}, {1, -1, 2}, {2, -1, 2}};
  const Tensor x = random_tensor({2, 6, 8, 5}, 1), w = random_tensor({4, 4, 5, 7}, 2),
               z = random_tensor({2, 3, 4, 7}, 3);
  const Tensor y = ops::conv(x, w, {}, outline, {.relu = false, .add = {}, .stride = 2}).value();
  const Tensor t = ops::conv_transposed(z, w, {}, outline, 2).value();
  CHECK(t.shape() == x.shape());
  CHECK(test::weighted_sum(y, z) == Approx(test::weighted_sum(t, x)).epsilon(1e-4));
}

TEST_CASE("a convolution with relu inside equals relu and then the convolution, values and gradients") {
  const kernels::Outline outline = {{-1, 0, 1}, {1, -1, 0}};
  const Tensor x = random_tensor({2, 3, 4, 3}, 1), w = random_tensor({4, 3, 6}, 2),
               weights = random_tensor({2, 3, 4, 6}, 5);
  const test::Graph fused = [&](auto& v) { return ops::conv(v[0], v[1], {}, outline, {.relu = true, .add = {}}); };
  const test::Graph apart = [&](auto& v) { return ops::conv(ops::relu(v[0]), v[1], {}, outline); };
  CHECK(difference(test::evaluate(fused, {x, w}).value(), test::evaluate(apart, {x, w}).value()) == 0);
  const auto a = test::gradients(fused, {x, w}, weights), c = test::gradients(apart, {x, w}, weights);
  CHECK(difference(a[0], c[0]) < 1e-6);
  CHECK(difference(a[1], c[1]) < 1e-6);
}

TEST_CASE("a kernel used twice, and an image used twice, get the sum of their gradients") {
  const kernels::Outline outline = {{0, -1, 0}};
  const Tensor x = random_tensor({1, 3, 4, 2}, 1), w = random_tensor({2, 2, 2}, 2),
               weights = random_tensor({1, 3, 4, 2}, 5);
  const test::Graph once = [&](auto& v) { return ops::conv(v[0], v[1], {}, outline); };
  const test::Graph twice = [&](auto& v) {
    return ops::add(ops::conv(v[0], v[1], {}, outline), ops::conv(v[0], v[1], {}, outline));
  };
  const auto a = test::gradients(once, {x, w}, weights), c = test::gradients(twice, {x, w}, weights);
  for (size_t i = 0; i < 2; ++i) CHECK(difference(kernels::add(a[i], a[i]), c[i]) < 1e-5);
}

TEST_CASE("a convolution of symbols has the bits of that of their one-hot images, values and gradients") {
  for (const kernels::Outline& outline : {kernels::Outline{{-2, -1, 1}, {-1, -1, 1}, {0, -1, 0}},
                                          kernels::Outline{{-1, 1, 2}, {1, -3, -2}}, kernels::Outline{{0, 0, 0}}}) {
    const int64_t n = 3, height = 4, width = 5, alphabet = 7, out = 19, taps = kernels::taps_of(outline);
    Tensor symbols({n, height, width}, DType::kS32), images = Tensor::zeros({n, height, width, alphabet});
    for (int64_t i = 0; i < symbols.count(); ++i) {
      const auto symbol = static_cast<int32_t>((i * i + 3 * i) % alphabet);
      symbols.data<int32_t>()[i] = symbol;
      images.data<float>()[i * alphabet + symbol] = 1;
    }
    const Tensor w = random_tensor({taps + 1, alphabet, out}, 2), b = random_tensor({out}, 3),
                 add = random_tensor({n, height, width, out}, 4), weights = random_tensor(add.shape(), 5);
    const test::Graph picked = [&](auto& v) { return ops::conv_symbols(symbols, v[0], v[1], outline, v[2]); };
    const test::Graph dense = [&](auto& v) {
      return ops::conv(images, v[0], v[1], outline, {.relu = false, .add = v[2]});
    };
    CHECK(difference(test::evaluate(picked, {w, b, add}).value(), test::evaluate(dense, {w, b, add}).value()) == 0);
    const auto a = test::gradients(picked, {w, b, add}, weights), c = test::gradients(dense, {w, b, add}, weights);
    for (size_t i = 0; i < 3; ++i) CHECK(difference(a[i], c[i]) == 0);
    symbols.data<int32_t>()[7] = alphabet;
    CHECK_THROWS_WITH(ops::conv_symbols(symbols, w, b, outline), Catch::Contains("a symbol outside an alphabet of 7"));
  }
}

TEST_CASE("taps that the outline does not use stay without a gradient") {
  const Tensor x = random_tensor({1, 3, 3, 2}, 1), w = random_tensor({3, 3, 2, 2}, 2),
               weights = random_tensor({1, 3, 3, 2}, 5);
  const auto g = test::gradients(
      [](auto& v) {
        return ops::conv(v[0], v[1], {}, {{-1, -1, 1}, {0, -1, -1}});
      },
      {x, w}, weights);
  for (int64_t k = 0; k < g[1].count(); ++k) CHECK((g[1].data<float>()[k] != 0) == (k < 4 * 4));
}

TEST_CASE("the gradients of a gate agree with differences, and its values with tanh and sigmoid") {
  const Tensor x = random_tensor({3, 2, 10}, 1);
  CHECK(test::gradient_error([](auto& v) { return ops::gate(v[0]); }, {x}) < test::kGradientLimit);
  const Variable s = ops::tanh(ops::slice(x, -1, 0, 5)), g = ops::sigmoid(ops::slice(x, -1, 5, 10));
  CHECK(difference(ops::gate(x).value(), ops::mul(s, g).value()) < 1e-6);
}

TEST_CASE("the gradients of a gated linear unit agree with differences, and its values with sigmoid") {
  const Tensor x = random_tensor({3, 2, 10}, 1);
  CHECK(test::gradient_error([](auto& v) { return ops::glu(v[0]); }, {x}) < test::kGradientLimit);
  const Variable s = ops::slice(x, -1, 0, 5), g = ops::sigmoid(ops::slice(x, -1, 5, 10));
  CHECK(difference(ops::glu(x).value(), ops::mul(s, g).value()) < 1e-6);
}

}  // namespace mlrun

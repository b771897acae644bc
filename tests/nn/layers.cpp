// The two forms of layers, parallel and by steps, and what they are made of.
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"
#include "nn/pass.hpp"
#include "nn/sinusoids.hpp"
#include "nn/token_shift.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using test::difference;
using test::numbers;
using test::random_tensor;

TEST_CASE("a linear layer by few rows is the layer, and a row's bits do not depend on the rows beside it") {
  ParameterArena arena;
  const Linear layer(Scope(arena, 1) / "layer", 19, 7);
  arena.allocate();
  arena.initialise(3);
  const Tensor x = random_tensor({5, 19}, 1), add = random_tensor({5, 7}, 2);
  Pass pass(arena);
  const Tensor y = layer(pass, x).value();
  const PackedLinear packed = layer.packed();
  Tensor together({5, 7}), alone({1, 7}), with(add.shape());
  packed(x.data<float>(), 5, together.data<float>());
  CHECK(difference(together, y) < 1e-6);
  for (int64_t i = 0; i < 5; ++i) {
    packed(x.rows(i, i + 1).data<float>(), 1, alone.data<float>());
    CHECK(numbers(alone) == numbers(together.rows(i, i + 1)));
  }
  CHECK(numbers(layer.of_rows(pass, x).value()) == numbers(together));
  packed(x.data<float>(), 5, with.data<float>(), add.data<float>());
  for (size_t i = 0; i < 35; ++i) CHECK(numbers(with)[i] == Approx(numbers(y)[i] + numbers(add)[i]).margin(1e-5));
}

TEST_CASE("a norm has mean 0 and variance 1, or a mean square of 1, and its steps are the same") {
  for (const NormKind kind : {NormKind::kLayer, NormKind::kRms}) {
    ParameterArena arena;
    const Norm norm(Scope(arena, 1) / "norm", kind, 33);
    arena.allocate();
    arena.initialise(1);
    const Tensor x = random_tensor({4, 33}, 5, -3, 7);
    Pass pass(arena);
    const Tensor y = norm(pass, x).value();
    CHECK(numbers(norm.rows(x)) == numbers(y));
    for (int64_t i = 0; i < 4; ++i) {
      double mean = 0, square = 0;
      for (const double v : numbers(y.rows(i, i + 1))) mean += v / 33, square += v * v / 33;
      CHECK(square == Approx(1).epsilon(1e-3));
      if (kind == NormKind::kLayer) CHECK(std::fabs(mean) < 1e-5);
    }
  }
  ParameterArena arena;
  arena.allocate();
  Pass pass(arena);
  const Tensor x = random_tensor({2, 3}, 6);
  CHECK(numbers(Norm()(pass, x).value()) == numbers(x));
}

TEST_CASE("a token shift mixes a position with the one before it, which the first has not") {
  ParameterArena arena;
  const TokenShift shift(Scope(arena, 1), "mix", 4, 1.0);
  arena.allocate();
  arena.initialise(1);
  const Tensor x = random_tensor({1, 3, 4}, 7);
  Pass pass(arena);
  const Tensor y = shift(pass, x).value();
  for (int64_t t = 0; t < 3; ++t) {
    for (int64_t c = 0; c < 4; ++c) {
      const double own = static_cast<double>(c) / 4, here = numbers(x)[static_cast<size_t>(t * 4 + c)],
                   before = t > 0 ? numbers(x)[static_cast<size_t>((t - 1) * 4 + c)] : 0;
      CHECK(numbers(y)[static_cast<size_t>(t * 4 + c)] == Approx(own * here + (1 - own) * before).margin(1e-6));
    }
  }
  const Tensor none = Tensor::zeros({1, 4});
  Tensor steps({3, 4});
  shift.extend(x.data<float>(), none.data<float>(), 1, 2, steps.data<float>());
  shift.extend(x.data<float>() + 8, x.data<float>() + 4, 1, 1, steps.data<float>() + 8);
  CHECK(difference(steps, y.reshape({3, 4})) < 1e-6);
}

TEST_CASE("sinusoids turn by a quarter from sine to cosine, faster in the first channels") {
  const Tensor table = sinusoids(3, 4);
  CHECK(numbers(table.rows(0, 1)) == std::vector<double>{0, 1, 0, 1});
  CHECK(static_cast<double>(table.data<float>()[4]) == Approx(std::sin(1.0)));
  CHECK(static_cast<double>(table.data<float>()[2 * 4 + 3]) == Approx(std::cos(2.0 / 100)));
}

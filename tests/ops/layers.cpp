#include "catch.hpp"
#include "kernels/vector/broadcast.hpp"
#include "ops/dropout.hpp"
#include "ops/embedding.hpp"
#include "ops/gradient_check.hpp"
#include "ops/nade.hpp"
#include "ops/normalize.hpp"

namespace mlrun {

using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::random_symbols;
using test::random_tensor;

TEST_CASE("gradients of normalizations agree with differences") {
  for (const Shape& shape : std::vector<Shape>{{4, 7}, {2, 3, 5}, {3, 17}}) {
    const int64_t n = shape.back();
    const Tensor x = random_tensor(shape, 1), gain = random_tensor({n}, 2), bias = random_tensor({n}, 3);
    INFO(to_string(shape));
    CHECK(gradient_error([](auto& v) { return ops::layer_norm(v[0], v[1], v[2]); }, {x, gain, bias}) < kGradientLimit);
    CHECK(gradient_error([](auto& v) { return ops::rms_norm(v[0], v[1]); }, {x, gain}) < kGradientLimit);
    // Only some inputs want a gradient, and the result is used twice over one path and once over another.
    CHECK(gradient_error([&](auto& v) { return ops::add(v[0], ops::layer_norm(v[0], gain, bias)); }, {x}) <
          kGradientLimit);
    CHECK(gradient_error([&](auto& v) { return ops::rms_norm(ops::rms_norm(x, v[0]), v[0]); }, {gain}) <
          2 * kGradientLimit);
  }
}

TEST_CASE("fused normalizations equal their compositions, values and gradients") {
  const Tensor x = random_tensor({5, 19}, 4, -2, 2), gain = random_tensor({19}, 5), bias = random_tensor({19}, 6);
  const Tensor w = random_tensor({5, 19}, 7);
  const test::Graph layer = [](auto& v) {
    const Variable c = ops::sub(v[0], ops::mean(v[0], {-1}, true));
    const Variable s = ops::sqrt(ops::affine(ops::mean(ops::square(c), {-1}, true), 1, 1e-5f));
    return ops::add(ops::mul(ops::div(c, s), v[1]), v[2]);
  };
  const test::Graph rms = [](auto& v) {
    const Variable s = ops::sqrt(ops::affine(ops::mean(ops::square(v[0]), {-1}, true), 1, 1e-5f));
    return ops::mul(ops::div(v[0], s), v[1]);
  };
  const auto same = [&](const test::Graph& fused, const test::Graph& composed, const std::vector<Tensor>& inputs) {
    CHECK(difference(test::evaluate(fused, inputs).value(), test::evaluate(composed, inputs).value()) < 2e-6);
    const auto f = test::gradients(fused, inputs, w), c = test::gradients(composed, inputs, w);
    for (size_t i = 0; i < inputs.size(); ++i) CHECK(difference(f[i], c[i]) < 4e-6);
  };
  same([](auto& v) { return ops::layer_norm(v[0], v[1], v[2]); }, layer, {x, gain, bias});
  same([](auto& v) { return ops::rms_norm(v[0], v[1]); }, rms, {x, gain});
}

TEST_CASE("rows are mixed by their weights, and picked from columns, with gradients that agree with differences") {
  const Tensor rows = Tensor::of({3, 2}, {1, 2, 3, 4, 5, 6}), weights = Tensor::of({2, 2}, {1, 10, 2, -1}),
               places = Tensor::of({2, 2}, std::vector<int32_t>{0, 2, 1, 0});
  CHECK(difference(ops::mix_rows(rows, places, weights).value(), std::vector<double>{51, 62, 5, 6}) == 0);
  CHECK(difference(ops::pick(rows, Tensor::of({3, 1}, std::vector<int32_t>{1, 0, 1})).value(),
                   std::vector<double>{2, 3, 6}) == 0);
  const Tensor wide = random_tensor({5, 37}, 3), shares = random_tensor({4, 2}, 4), scores = random_tensor({4, 5}, 5),
               where = Tensor::of({4, 2}, std::vector<int32_t>{4, 0, 1, 2, 3, 4, 0, 1});
  CHECK(gradient_error([&](auto& v) { return ops::mix_rows(v[0], where, v[1]); }, {wide, shares}) < kGradientLimit);
  CHECK(gradient_error([&](auto& v) { return ops::mix_rows(v[0], where, ops::pick(v[1], where)); }, {wide, scores}) <
        kGradientLimit);
  CHECK(gradient_error([&](auto& v) { return ops::add(ops::pick(v[0], where), ops::pick(v[0], where)); }, {scores}) <
        kGradientLimit);
}

TEST_CASE("an embedding's gradient is a sum over the places where a symbol stands") {
  const Tensor table = random_tensor({5, 3}, 8), ids = Tensor::of({2, 3}, std::vector<int32_t>{4, 1, 4, 0, 4, 1});
  CHECK(ops::embedding(table, ids).shape() == Shape{2, 3, 3});
  CHECK(gradient_error([&](auto& v) { return ops::embedding(v[0], ids); }, {table}) < kGradientLimit);
  CHECK(gradient_error([&](auto& v) { return ops::add(ops::embedding(v[0], ids), ops::embedding(v[0], ids)); },
                       {table}) < kGradientLimit);
  const auto g =
      test::gradients([&](auto& v) { return ops::embedding(v[0], ids); }, {table}, Tensor::full({2, 3, 3}, 1));
  CHECK(difference(g[0], std::vector<double>{1, 1, 1, 2, 2, 2, 0, 0, 0, 0, 0, 0, 3, 3, 3}) == 0);
}

TEST_CASE("dropout multiplies by its mask, forward and backward, and only in training") {
  const Tensor x = random_tensor({6, 7}, 9, 0.5f, 1.0f);
  const RandomStream stream(3, "dropout");
  const Tensor y = ops::dropout(x, 0.4f, stream, true).value();
  int64_t dropped = 0;
  for (int64_t i = 0; i < 42; ++i) {
    const double kept = static_cast<double>(x.data<float>()[i]) / 0.6;
    dropped += y.data<float>()[i] == 0.0f;
    CHECK((y.data<float>()[i] == 0.0f || static_cast<double>(y.data<float>()[i]) == Approx(kept)));
  }
  CHECK(dropped > 5);
  CHECK(dropped < 30);
  CHECK(gradient_error([&](auto& v) { return ops::dropout(v[0], 0.4f, stream, true); }, {x}) < kGradientLimit);
  CHECK(difference(ops::dropout(x, 0.4f, stream, false).value(), x) == 0);
  CHECK(difference(ops::dropout(x, 0.0f, stream, true).value(), x) == 0);
}

namespace {

// Equations (6) and (7) of the paper, one pixel after the other.
std::vector<double> naive_nade(const Tensor& x, const std::vector<Tensor>& p) {
  const int64_t n = x.dim(0), d = x.dim(1), h = p[1].count();
  std::vector<double> logits;
  const auto at = [&](size_t i, int64_t j) { return static_cast<double>(p[i].data<float>()[j]); };
  for (int64_t i = 0; i < n; ++i) {
    std::vector<double> a;
    for (int64_t j = 0; j < h; ++j) a.push_back(at(1, j));
    for (int64_t k = 0; k < d; ++k) {
      double l = at(3, k);
      for (int64_t j = 0; j < h; ++j) l += at(2, k * h + j) / (1 + std::exp(-a[static_cast<size_t>(j)]));
      logits.push_back(l);
      if (x.data<int32_t>()[i * d + k] == 0) continue;
      for (int64_t j = 0; j < h; ++j) a[static_cast<size_t>(j)] += at(0, k * h + j);
    }
  }
  return logits;
}

}  // namespace

TEST_CASE("nade follows its equations, and its gradients agree with differences") {
  const int64_t n = 3, d = 9, h = 6;
  const Tensor x = random_symbols({n, d}, 2, 10);
  const std::vector<Tensor> p = {random_tensor({d, h}, 11), random_tensor({h}, 12), random_tensor({d, h}, 13),
                                 random_tensor({d}, 14)};
  const test::Graph graph = [&](auto& v) { return ops::nade(x, v[0], v[1], v[2], v[3]); };
  CHECK(difference(test::evaluate(graph, p).value(), naive_nade(x, p)) < 2e-6);
  CHECK(gradient_error(graph, p) < kGradientLimit);
  // Some inputs constant, some with a gradient already there: the same numbers.
  const Tensor w = random_tensor({n, d}, 15);
  const auto all = test::gradients(graph, p, w);
  const auto some = test::gradients([&](auto& v) { return ops::nade(x, v[0], p[1], p[2], v[1]); }, {p[0], p[3]}, w);
  CHECK(difference(some[0], all[0]) < 1e-6);
  CHECK(difference(some[1], all[3]) < 1e-6);
  const auto twice =
      test::gradients([&](auto& v) { return ops::add(graph(v), ops::nade(x, v[0], p[1], v[2], p[3])); }, p, w);
  CHECK(difference(twice[0], kernels::add(all[0], all[0])) < 1e-6);
  CHECK(difference(twice[1], all[1]) < 1e-6);
  CHECK(difference(twice[2], kernels::add(all[2], all[2])) < 1e-6);
  CHECK(difference(twice[3], all[3]) < 1e-6);
}

}  // namespace mlrun

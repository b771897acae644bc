// The rules that stand in for the derivative of a quantiser are tested for what they state, not against differences.
#include "ops/quantize.hpp"

#include <cmath>

#include "catch.hpp"
#include "ops/gradient_check.hpp"

namespace mlrun {
namespace {

using test::difference;
using test::gradient_error;
using test::kGradientLimit;
using test::numbers;
using test::random_tensor;

// The gradient that reaches z when the result's is `dq`.
Tensor gradient_at(const Tensor& z, const Tensor& dq, const std::function<Variable(const Variable&)>& op) {
  Tape tape;
  const Variable leaf = tape.leaf(z);
  tape.backward(ops::sum(ops::mul(op(leaf), dq)));
  return leaf.gradient();
}

double dot(const float* a, const float* b, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; ++j) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return sum;
}

}  // namespace

TEST_CASE("straight through: the value is q, and the gradient of z is that of q") {
  const Tensor z = random_tensor({5, 3}, 1), q = random_tensor({5, 3}, 2), dq = random_tensor({5, 3}, 3);
  CHECK(numbers(ops::straight_through(z, q).value()) == numbers(q));
  const Tensor dz = gradient_at(z, dq, [&](const Variable& v) { return ops::straight_through(v, q); });
  CHECK(numbers(dz) == numbers(dq));
}

TEST_CASE("the rotation trick carries a gradient as its rotation and scaling would, with its angles kept") {
  const int64_t d = 4;
  const Tensor z = random_tensor({6, d}, 1), q = random_tensor({6, d}, 2), dq = random_tensor({6, d}, 3);
  CHECK(numbers(ops::rotate_to(z, q).value()) == numbers(q));
  const Tensor dz = gradient_at(z, dq, [&](const Variable& v) { return ops::rotate_to(v, q); });
  for (int64_t i = 0; i < 6; ++i) {
    const float *zi = z.data<float>() + i * d, *qi = q.data<float>() + i * d;
    const float *g = dq.data<float>() + i * d, *back = dz.data<float>() + i * d;
    const double length_z = std::sqrt(dot(zi, zi, d)), length_q = std::sqrt(dot(qi, qi, d));
    // The transpose of s R, R z/|z| = q/|q|: lengths scale by s, and the angle to z is that of dq to q.
    const double s = length_q / length_z;
    CHECK(std::sqrt(dot(back, back, d)) == Approx(s * std::sqrt(dot(g, g, d))).epsilon(1e-5));
    CHECK(dot(back, zi, d) / length_z == Approx(s * dot(g, qi, d) / length_q).epsilon(1e-4).margin(1e-6));
  }
}

TEST_CASE("where z is q already, the rotation trick is straight through; so it is for a vector of zeros") {
  const Tensor z = random_tensor({3, 4}, 1), dq = random_tensor({3, 4}, 3);
  CHECK(difference(gradient_at(z, dq, [&](const Variable& v) { return ops::rotate_to(v, z); }), numbers(dq)) < 1e-5);
  const Tensor none = Tensor::zeros({3, 4});
  CHECK(numbers(gradient_at(none, dq, [&](const Variable& v) { return ops::rotate_to(v, z); })) == numbers(dq));
  Tensor opposite = z.clone();
  for (int64_t i = 0; i < z.count(); ++i) opposite.data<float>()[i] *= -1.0f;
  CHECK(numbers(gradient_at(opposite, dq, [&](const Variable& v) { return ops::rotate_to(v, z); })) == numbers(dq));
}

TEST_CASE("squared distance and rows of length 1 agree with differences") {
  const Tensor a = random_tensor({3, 5}, 1), b = random_tensor({3, 5}, 2);
  CHECK(gradient_error([](auto& v) { return ops::squared_distance(v[0], v[1]); }, {a, b}) < kGradientLimit);
  CHECK(gradient_error([](auto& v) { return ops::unit_rows(v[0]); }, {random_tensor({3, 5}, 4, -1, 1, 0.2f)}) <
        kGradientLimit);
}

}  // namespace mlrun

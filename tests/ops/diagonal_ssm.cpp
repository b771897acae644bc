#include "ops/ssm/diagonal_ssm.hpp"

#include "catch.hpp"
#include "gradient_check.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the gradients of a diagonal state space agree with differences, in u and in every parameter") {
  for (const ops::Discretisation rule : {ops::Discretisation::kZeroOrderHold, ops::Discretisation::kBilinear}) {
    const std::vector<Tensor> inputs = {random_tensor({2, 37, 3}, 1, -1.0f, 1.0f), random_tensor({3}, 2, -2.5f, -1.0f),
                                        random_tensor({3, 2}, 3, -1.5f, 0.5f),     random_tensor({3, 2}, 4, 0.0f, 4.0f),
                                        random_tensor({2, 3, 2}, 5, -1.0f, 1.0f),  random_tensor({3}, 6, -1.0f, 1.0f)};
    const Graph graph = [rule](const std::vector<Variable>& v) {
      return ops::diagonal_ssm(v[0], {v[1], v[2], v[3], v[4], v[5]}, rule);
    };
    CHECK(gradient_error(graph, inputs) < kGradientLimit);
  }
}

TEST_CASE("an input of a diagonal state space that is used twice gets both gradients, and constants get none") {
  const Tensor u = random_tensor({1, 40, 2}, 1, -1.0f, 1.0f), log_dt = random_tensor({2}, 2, -2.5f, -1.0f),
               log_decay = random_tensor({2, 3}, 3, -1.0f, 0.0f), frequency = random_tensor({2, 3}, 4, 0.0f, 3.0f),
               c = random_tensor({2, 2, 3}, 5, -1.0f, 1.0f);
  const Graph twice = [&](const std::vector<Variable>& v) {
    return ops::add(ops::diagonal_ssm(v[0], {log_dt, log_decay, frequency, c, v[1]}, {}), ops::mul(v[0], v[0]));
  };
  CHECK(gradient_error(twice, {u, random_tensor({2}, 6, -1.0f, 1.0f)}) < kGradientLimit);
}

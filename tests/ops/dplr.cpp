#include "ops/ssm/dplr.hpp"

#include "catch.hpp"
#include "ops/gradient_check.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::vector<Tensor> inputs_of(int64_t length) {
  constexpr int64_t kChannels = 2, kPoles = 3;
  return {random_tensor({2, length, kChannels}, 7, -1.0f, 1.0f), random_tensor({kChannels}, 1, -3.0f, -1.0f),
          random_tensor({kChannels, kPoles}, 2, -1.0f, 0.5f),    random_tensor({kChannels, kPoles}, 3, 0.5f, 6.0f),
          random_tensor({2, kChannels, kPoles}, 4, -1.0f, 1.0f), random_tensor({2, kChannels, kPoles}, 5, -1.0f, 1.0f),
          random_tensor({2, kChannels, kPoles}, 6, -1.0f, 1.0f), random_tensor({kChannels}, 8, -1.0f, 1.0f)};
}

Variable of(const std::vector<Variable>& v) { return ops::dplr_ssm(v[0], {v[1], v[2], v[3], v[4], v[5], v[6], v[7]}); }

}  // namespace

TEST_CASE("the gradients of a diagonal plus low-rank state space agree with differences") {
  for (const int64_t length : {13, 70}) CHECK(gradient_error(of, inputs_of(length)) < kGradientLimit);
}

TEST_CASE("an input of a diagonal plus low-rank state space that is used twice gets both gradients") {
  const std::vector<Tensor> all = inputs_of(20);
  const Graph twice = [&](const std::vector<Variable>& v) {
    std::vector<Variable> with(all.begin(), all.end());
    with[0] = v[0];
    with[7] = v[1];
    return ops::add(of(with), ops::mul(v[0], v[0]));
  };
  CHECK(gradient_error(twice, {all[0], all[7]}) < kGradientLimit);
}

#include "base/log_sum_exp.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace mlrun;

TEST_CASE("log_sum_exp is the logarithm of a sum, also where its terms are beyond a double") {
  CHECK(log_sum_exp(std::vector<double>{-3.5}) == -3.5);
  CHECK(log_sum_exp(std::vector<double>{std::log(2.0), std::log(3.0), std::log(5.0)}) == Approx(std::log(10.0)));
  CHECK(log_sum_exp(std::vector<double>{-90000.0, -90000.0}) == Approx(-90000.0 + std::log(2.0)));
  CHECK(log_sum_exp(std::vector<double>{800.0, -800.0}) == 800.0);
}

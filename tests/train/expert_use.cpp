// How a split uses its experts.
#include "runs/expert_use.hpp"

#include "catch.hpp"

using namespace mlrun;

TEST_CASE("a collapsed router is seen") {
  ExpertUse even{{{10, 10, 10, 10}}, 1}, one{{{10, 10, 10, 10}, {97, 3, 0, 0}}, 1};
  CHECK(even.effective() == Approx(4));
  CHECK(even.warning().empty());
  CHECK(even.columns().at("expert_1_3") == 0.25);
  CHECK(one.columns().at("expert_2_1") == 0.97);
  CHECK(one.effective() < 1.2);
  CHECK_THAT(one.warning(),
             Catch::Contains("2 of the 4 experts of block 2") && Catch::Contains("model.moe.balance=bias"));
}

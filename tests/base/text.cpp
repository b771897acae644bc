#include <cmath>
#include <limits>

#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "catch.hpp"

namespace mlrun {

TEST_CASE("decimal numbers are read strictly") {
  CHECK(parse_integer("12") == 12);
  CHECK(parse_integer("-3") == -3);
  CHECK(parse_integer("1_000_000") == 1000000);
  CHECK(parse_integer("1e5") == 100000);
  CHECK(parse_integer("1.5e3") == 1500);
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<int64_t>::max());
  for (const char* bad : {"", "1.5", "010", "0x10", "1_", "_1", "1__0", " 1", "1 ", "inf", "nan", "one",
                          "9223372036854775808", "1e40", "+-1", "1e", "e5"}) {
    INFO(bad);
    CHECK_FALSE(parse_integer(bad).has_value());
  }
  CHECK(parse_real("1e-3") == 1e-3);
  CHECK(parse_real("-0.25") == -0.25);
  CHECK(parse_real("1_0.5") == 10.5);
  CHECK(parse_real("3") == 3.0);
  for (const char* bad : {"", "inf", "-inf", "nan", "0x1p3", "1,5", "1.5.2", "1e999", "010", "--1", "1e-"}) {
    INFO(bad);
    CHECK_FALSE(parse_real(bad).has_value());
  }
}

TEST_CASE("printed numbers are short and read back to the same value") {
  CHECK(print_number(1e-7) == "1e-7");
  CHECK(print_number(0.001) == "0.001");
  CHECK(print_number(int64_t{-5}) == "-5");
  for (const double x : {0.1, 1.0 / 3.0, 1e300, -2.5e-7, 123456.789, 0.0}) CHECK(parse_real(print_number(x)) == x);
  CHECK(print_thousands(785284) == "785 284");
  CHECK(print_thousands(-1234567) == "-1 234 567");
  CHECK(print_thousands(12) == "12");
}

TEST_CASE("the nearest known name is suggested, and none when all are far") {
  const std::vector<std::string> known = {"hidden", "masks", "order", "activation"};
  CHECK(nearest_name("hiden", known) == "hidden");
  CHECK(nearest_name("ordre", known) == "order");  // a swap is one edit
  CHECK(nearest_name("mask", known) == "masks");
  CHECK_FALSE(nearest_name("learning_rate", known).has_value());
  CHECK_FALSE(nearest_name("xyz", known).has_value());
  CHECK_FALSE(nearest_name("anything", {}).has_value());
}

}  // namespace mlrun

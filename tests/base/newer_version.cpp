#include "base/newer_version.hpp"

#include <string>

#include "base/version.hpp"
#include "catch.hpp"

TEST_CASE("a version is newer by its numbers in turn, and what is none is not") {
  using mlrun::is_newer_version;
  CHECK_FALSE(is_newer_version(mlrun::kVersion));
  CHECK_FALSE(is_newer_version(""));
  CHECK_FALSE(is_newer_version("later"));
  CHECK_FALSE(is_newer_version("0.0.9"));
  CHECK(is_newer_version(std::string(mlrun::kVersion) + ".1"));
  CHECK(is_newer_version("999.0"));
  CHECK(is_newer_version("1000"));  // more than 999, whatever a comparison of letters says
}

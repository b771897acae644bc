// Tests that go through all that is registered: where nothing is, they would pass.
#pragma once

#include "catch.hpp"

namespace mlrun::test {

template <class Registry>
const auto& registered(const Registry& registry) {
  REQUIRE_FALSE(registry.kinds().empty());
  return registry.kinds();
}

}  // namespace mlrun::test

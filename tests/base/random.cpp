#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"

namespace mlrun {

// The first draws of two streams, written down once: a change here changes every run that anybody ever recorded.
TEST_CASE("random streams give the same numbers for ever") {
  const RandomStream s(1, "test");
  const std::array<uint32_t, 4> first = {0x6aef56b7, 0xa780ad08, 0x6ecc8c3b, 0x5f75d0fe},
                                child = {0xfbb090d4, 0xc6a038d1, 0xa356f3fa, 0x7f4ebdee};
  CHECK(s.block(0) == first);
  CHECK(s.at(5).block(7) == child);
}

TEST_CASE("seed, purpose, index and counter each select other numbers") {
  const RandomStream s(1, "test");
  std::set<std::array<uint32_t, 4>> blocks;
  blocks.insert(s.block(0));
  blocks.insert(s.block(1));
  blocks.insert(s.block(uint64_t{1} << 32));
  blocks.insert(RandomStream(2, "test").block(0));
  blocks.insert(RandomStream(1, "tests").block(0));
  blocks.insert(s.at(0).block(0));
  blocks.insert(s.at(1).block(0));
  blocks.insert(s.at(0).at(1).block(0));
  blocks.insert(s.at(1).at(0).block(0));
  CHECK(blocks.size() == 9);
  CHECK(s.block(3) == RandomStream(1, "test").block(3));
}

TEST_CASE("uniform and normal draws have the moments they should") {
  const RandomStream s(3, "moments");
  constexpr int kCount = 100000;
  double mean = 0, normal_mean = 0, normal_square = 0;
  for (uint64_t i = 0; i < kCount; ++i) {
    const double u = s.uniform(i), z = s.normal(i);
    REQUIRE((u >= 0 && u < 1));
    mean += u / kCount;
    normal_mean += z / kCount;
    normal_square += z * z / kCount;
  }
  CHECK(mean == Approx(0.5).margin(0.004));  // four standard deviations
  CHECK(normal_mean == Approx(0.0).margin(0.013));
  CHECK(normal_square == Approx(1.0).margin(0.02));
}

TEST_CASE("draws below a bound reach every number equally often") {
  const RandomStream s(4, "below");
  int counts[6] = {};
  for (uint64_t i = 0; i < 60000; ++i) ++counts[s.below(i, 6)];
  for (const int c : counts) CHECK(c == Approx(10000).margin(400));
  CHECK(s.below(0, 1) == 0);
}

TEST_CASE("a permutation holds every index once, and streams have their own") {
  const auto p = RandomStream(5, "order").permutation(1000);
  CHECK(std::set<int64_t>(p.begin(), p.end()).size() == 1000);
  CHECK(*std::min_element(p.begin(), p.end()) == 0);
  CHECK(*std::max_element(p.begin(), p.end()) == 999);
  CHECK(p != RandomStream(6, "order").permutation(1000));
  CHECK(RandomStream(5, "order").permutation(0).empty());
}

}  // namespace mlrun

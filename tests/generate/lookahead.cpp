#include "generate/lookahead.hpp"

#include "catch.hpp"

using namespace mlrun;

namespace {

// Proposals of a look, of each of which the draft is equally sure, and of which the first `stay` stay.
int64_t look(Lookahead& ahead, double q, int64_t stay) {
  ahead.begin();
  int64_t made = 1;
  while (ahead.goes_on(q)) ++made;
  for (int64_t j = 0; j < made && j <= stay; ++j) ahead.judged(j, j < stay);
  return made;
}

}  // namespace

TEST_CASE("a draft looks ahead a little at first, farther where its proposals stay, and no farther where they go") {
  Lookahead ahead(0.01, 0);
  CHECK(look(ahead, 0.9, 100) == 2);
  int64_t far = 0;
  for (int i = 0; i < 200; ++i) far = look(ahead, 0.9, 100);
  CHECK(far == Lookahead::kMost);
  // What it is less sure of is counted apart.
  CHECK(look(ahead, 0.4, 0) == 2);
  for (int i = 0; i < 100; ++i) look(ahead, 0.4, 0);
  CHECK(look(ahead, 0.4, 0) == 1);
  CHECK(look(ahead, 0.9, 100) == Lookahead::kMost);
}

TEST_CASE("a dear draft looks less far ahead than a cheap one, at the same acceptance") {
  int64_t before = Lookahead::kMost + 1;
  for (const double cost : {0.0, 0.3, 1.0}) {
    Lookahead ahead(cost, 0);
    int64_t made = 0;
    for (int i = 0; i < 300; ++i) made = look(ahead, 0.8, i % 6);  // three in four stay
    INFO("cost " << cost << ": " << made);
    CHECK(made < before);
    before = made;
  }
}

TEST_CASE("a number of proposals that is asked for is kept to") {
  Lookahead ahead(5, 7);
  for (int i = 0; i < 3; ++i) CHECK(look(ahead, 0.1, 0) == 7);
}

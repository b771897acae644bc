#include "kernels/optimizer/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"
#include "kernels/every_target.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

std::vector<float> draw(int64_t count, uint64_t seed) {
  const RandomStream random(seed, "optimizer test");
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.normal(static_cast<uint64_t>(i))));
  return values;
}

}  // namespace

TEST_CASE("Folding adds lanes by the tree of base/lanes.hpp") {
  on_every_target([] {
    for (const size_t lanes : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 32, 33, 100}) {
      CAPTURE(lanes);
      const int64_t n = 211;  // whole vectors, and a rest
      std::vector<std::vector<float>> gradients, level;
      std::vector<float*> pointers;
      for (size_t lane = 0; lane < lanes; ++lane) gradients.push_back(draw(n, static_cast<uint64_t>(lane + 1)));
      level = gradients;
      while (level.size() > 1) {  // pairs, pairs of pairs, and so on
        std::vector<std::vector<float>> above;
        for (size_t l = 0; l + 1 < level.size(); l += 2) {
          above.push_back(level[l]);
          for (size_t i = 0; i < above.back().size(); ++i) above.back()[i] += level[l + 1][i];
        }
        if (level.size() % 2 == 1) above.push_back(level.back());
        level = above;
      }
      for (auto& lane : gradients) pointers.push_back(lane.data());
      double square = 0;
      const Range all{0, n};
      fold_gradients(pointers, {&all, 1}, &square);
      CHECK(gradients[0] == level[0]);
    }
  });
}

TEST_CASE("Folding takes the same norm for every cut") {
  on_every_target([] {
    for (const int64_t n : {1, 15, 16384, 16385, 50001}) {
      CAPTURE(n);
      const std::vector<float> g0 = draw(n, 1), g1 = draw(n, 2), g2 = draw(n, 3);
      std::vector<Range> runs;
      for (int64_t begin = 0; begin < n; begin += 16384) runs.push_back({begin, std::min(n, begin + 16384)});
      std::vector<double> whole(runs.size()), cut(whole);
      std::vector<float> a = g0, b = g1, c = g2;
      fold_gradients({a.data(), b.data(), c.data()}, runs, whole.data());
      double sum = 0;
      for (size_t i = 0; i < a.size(); ++i) {
        REQUIRE(a[i] == (g0[i] + g1[i]) + g2[i]);
        sum += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      }
      CHECK(gradient_norm(whole.data(), static_cast<int64_t>(whole.size())) == Approx(std::sqrt(sum)).epsilon(1e-12));
      a = g0;
      for (size_t r = runs.size(); r-- > 0;) fold_gradients({a.data(), b.data(), c.data()}, {&runs[r], 1}, &cut[r]);
      CHECK(whole == cut);
      fold_gradients({a.data()}, runs, cut.data());
      CHECK(whole == cut);
    }
  });
}

TEST_CASE("One NaN or infinity anywhere makes the norm not finite") {
  on_every_target([] {
    const float bad[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                         -std::numeric_limits<float>::infinity()};
    for (const size_t where : {size_t{0}, size_t{7777}, size_t{20000}}) {
      for (const float value : bad) {
        std::vector<float> g(20001, 1e30f), lane(20001, 0.0f);
        std::vector<double> squares(2);
        const std::vector<Range> runs = {{0, 16384}, {16384, 20001}};
        fold_gradients({g.data(), lane.data()}, runs, squares.data());
        CHECK(std::isfinite(gradient_norm(squares.data(), 2)));  // although each square is beyond a float
        lane[where] = value;
        fold_gradients({g.data(), lane.data()}, runs, squares.data());
        CHECK_FALSE(std::isfinite(gradient_norm(squares.data(), 2)));
      }
    }
  });
}

TEST_CASE("What lies between the runs is not folded") {
  on_every_target([] {
    const int64_t n = 200;
    const std::vector<float> g0 = draw(n, 1), g1 = draw(n, 2);
    std::vector<float> a = g0, b = g1;
    const std::vector<Range> runs = {{3, 40}, {41, 42}, {100, 164}};
    std::vector<double> squares(3);
    fold_gradients({a.data(), b.data()}, runs, squares.data());
    for (int64_t i = 0; i < n; ++i) {
      const auto k = static_cast<size_t>(i);
      const bool inside = (i >= 3 && i < 40) || i == 41 || (i >= 100 && i < 164);
      CHECK((a[k] == (inside ? g0[k] + g1[k] : g0[k])));
    }
  });
}

#include "kernels/optimizer/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
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

std::string bytes(const std::vector<float>& v) {
  return std::string(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float));
}

// The arenas of one optimizer, in float, and the same in double for the definition.
struct Arenas {
  explicit Arenas(int64_t n)
      : count(n), w(draw(n, 1)), first(w.size(), 0.0f), second(w.size(), 0.0f), average(w), bf16(w.size()) {}
  ParameterSlice slice(const std::vector<float>& g, int64_t begin, int64_t end) {
    run = {begin, end};
    return {w.data(), g.data(), first.data(), second.data(), average.data(), bf16.data(), {&run, 1}};
  }
  int64_t count;
  Range run;
  std::vector<float> w, first, second, average;
  std::vector<uint16_t> bf16;
};

struct Exact {
  double w = 0, first = 0, second = 0, average = 0;
};

// Five steps of `rule` on 1003 numbers against `define`(exact state, gradient, step), which is one step in double.
template <class Rule, class Define>
void check_rule_here(Rule rule, Define define) {
  const int64_t n = 1003;
  Arenas a(n), cut(n);
  std::vector<Exact> exact;
  for (const float w : a.w) exact.push_back({static_cast<double>(w), 0, 0, static_cast<double>(w)});
  const UpdateScale scale{0.25f, 0.75f};
  for (int step = 1; step <= 5; ++step) {
    const std::vector<float> g = draw(n, static_cast<uint64_t>(10 + step));
    if constexpr (requires { rule.step; }) rule.step = step;
    update(rule, scale, a.slice(g, 0, n));
    for (const int64_t border : {0, 1, 18, 500, 1003}) {
      static int64_t last = 0;
      if (border > last) update(rule, scale, cut.slice(g, last, border));
      last = border == n ? 0 : border;
    }
    for (size_t i = 0; i < exact.size(); ++i) {
      define(exact[i], 0.25 * static_cast<double>(g[i]), step);
      exact[i].average = 0.75 * exact[i].average + 0.25 * exact[i].w;
    }
  }
  double worst = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(a.w[i]) - exact[i].w));
    worst = std::max(worst, std::fabs(static_cast<double>(a.average[i]) - exact[i].average));
    worst = std::max(worst, std::fabs(static_cast<double>(a.first[i]) - exact[i].first));
    worst = std::max(worst, std::fabs(static_cast<double>(a.second[i]) - exact[i].second));
  }
  CHECK(worst < 2e-6);
  CHECK(bytes(a.w) == bytes(cut.w));
  CHECK(bytes(a.first) == bytes(cut.first));
  CHECK(bytes(a.second) == bytes(cut.second));
  CHECK(bytes(a.average) == bytes(cut.average));
  CHECK(a.bf16 == cut.bf16);
}

template <class Rule, class Define>
void check_rule(Rule rule, Define define) {
  on_every_target([&] { check_rule_here(rule, define); });
}

}  // namespace

TEST_CASE("Sgd follows its definition, however the arena is cut") {
  for (const double momentum : {0.0, 0.9}) {
    for (const bool nesterov : {false, true}) {
      CAPTURE(momentum, nesterov);
      check_rule(Sgd{0.1, momentum, 0.01, nesterov}, [&](Exact& e, double g, int) {
        g += 0.01 * e.w;
        if (momentum == 0) {
          e.w -= 0.1 * g;
          return;
        }
        e.first = momentum * e.first + g;
        e.w -= 0.1 * (nesterov ? g + momentum * e.first : e.first);
      });
    }
  }
}

TEST_CASE("Adam and AdamW follow their definitions, however the arena is cut") {
  for (const bool decoupled : {false, true}) {
    CAPTURE(decoupled);
    check_rule(Adam{0.01, 0.9, 0.99, 1e-6, 0.1, decoupled, 1}, [&](Exact& e, double g, int t) {
      if (decoupled) e.w *= 1 - 0.01 * 0.1;
      if (!decoupled) g += 0.1 * e.w;
      e.first = 0.9 * e.first + 0.1 * g;
      e.second = 0.99 * e.second + 0.01 * g * g;
      const double m = e.first / (1 - std::pow(0.9, t)), v = e.second / (1 - std::pow(0.99, t));
      e.w -= 0.01 * m / (std::sqrt(v) + 1e-6);
    });
  }
}

TEST_CASE("Adagrad follows its definition, however the arena is cut") {
  check_rule(Adagrad{0.1, 0.01, 1e-6, 0.1, 1}, [](Exact& e, double g, int t) {
    g += 0.1 * e.w;
    e.first += g * g;
    e.w -= 0.1 / (1 + (t - 1) * 0.01) * g / (std::sqrt(e.first) + 1e-6);
  });
}

TEST_CASE("Updates leave a weight of 0 with gradient 0 at exactly 0") {
  on_every_target([] {
    std::vector<float> w(37, 0.0f), g(37, 0.0f), first(37, 0.0f), second(37, 0.0f);
    const Range all = {0, 37};
    const ParameterSlice slice{w.data(), g.data(), first.data(), second.data(), nullptr, nullptr, {&all, 1}};
    update(Sgd{0.1, 0.9, 0.1, true}, {}, slice);
    update(Adam{0.1, 0.9, 0.999, 1e-8, 0.1, false, 1}, {}, slice);
    update(Adam{0.1, 0.9, 0.999, 1e-8, 0.1, true, 2}, {}, slice);
    update(Adagrad{0.1, 0.1, 1e-10, 0.1, 3}, {}, slice);
    CHECK(w == std::vector<float>(37, 0.0f));
  });
}

TEST_CASE("The bf16 copy is rounded to nearest even") {
  on_every_target([] {
    const auto of = [](uint32_t bits) {
      float f;
      std::memcpy(&f, &bits, sizeof f);
      return f;
    };
    std::vector<float> w = {1.0f,           of(0x3F808000), of(0x3F818000), of(0x3F808001), of(0x3F807FFF),
                            of(0xBF818000), -0.0f,          of(0x7F7FFFFF), 3.0e-38f};
    for (int i = 0; i < 3; ++i) w.insert(w.end(), w.begin(), w.end());
    const std::vector<uint16_t> want = {0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x3F80, 0xBF82, 0x8000, 0x7F80, 0x0123};
    const std::vector<float> g(w.size(), 0.0f);
    std::vector<uint16_t> bf16(w.size());
    const Range all = {0, static_cast<int64_t>(w.size())};
    update(Sgd{}, {}, {w.data(), g.data(), nullptr, nullptr, nullptr, bf16.data(), {&all, 1}});
    for (size_t i = 0; i < w.size(); ++i) CHECK(bf16[i] == want[i % want.size()]);
  });
}

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

TEST_CASE("What lies between the runs is neither folded nor updated") {
  on_every_target([] {
    const int64_t n = 200;
    const std::vector<float> g0 = draw(n, 1), g1 = draw(n, 2);
    std::vector<float> a = g0, b = g1, w = draw(n, 3), m(200, 0.5f), v(200, 0.5f);
    const std::vector<float> before = w;
    const std::vector<Range> runs = {{3, 40}, {41, 42}, {100, 164}};
    std::vector<double> squares(3);
    fold_gradients({a.data(), b.data()}, runs, squares.data());
    update(Adam{}, {}, {w.data(), a.data(), m.data(), v.data(), nullptr, nullptr, runs});
    update(Adam{.lr = 0.1}, {}, {w.data(), a.data(), m.data(), v.data(), nullptr, nullptr, runs});
    for (int64_t i = 0; i < n; ++i) {
      const auto k = static_cast<size_t>(i);
      const bool inside = (i >= 3 && i < 40) || i == 41 || (i >= 100 && i < 164);
      CHECK((a[k] == (inside ? g0[k] + g1[k] : g0[k])));
      CHECK((w[k] != before[k]) == inside);
      CHECK((m[k] != 0.5f) == inside);
    }
  });
}

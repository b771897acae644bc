#include "kernels/nade/nade.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"
#include "kernels/every_target.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

struct Case {
  int64_t n, pixels, hidden;
  bool ordered = false;
  double ones = 0.3;
};

struct Problem {
  explicit Problem(const Case& s) : n(s.n), pixels(s.pixels), hidden(s.hidden) {
    const RandomStream random(7, "nade test");
    uint64_t next = 0;
    const auto draw = [&](int64_t count, double scale) {
      std::vector<float> values(static_cast<size_t>(count));
      for (float& value : values) value = static_cast<float>(scale * random.normal(next++));
      return values;
    };
    w = draw(pixels * hidden, 0.5);
    v = draw(pixels * hidden, 0.5);
    c = draw(hidden, 0.5);
    b = draw(pixels, 0.5);
    dlogits = draw(n * pixels, 1.0);
    for (int64_t i = 0; i < n * pixels; ++i) x.push_back(random.uniform(next++) < s.ones ? 1 : 0);
    if (s.ordered) {
      for (const int64_t p : random.permutation(pixels)) order.push_back(static_cast<int32_t>(p));
    }
  }
  NadeWeights weights() const {
    return {pixels, hidden, w.data(), c.data(), v.data(), b.data(), order.empty() ? nullptr : order.data()};
  }
  int64_t n, pixels, hidden;
  std::vector<float> w, v, c, b, dlogits;
  std::vector<int32_t> x, order;
};

size_t at(int64_t row, int64_t column, int64_t width) { return static_cast<size_t>(row * width + column); }

// The definition, in double, hidden units anew at every step.
struct Naive {
  explicit Naive(const Problem& p)
      : logits(p.x.size()), dw(p.w.size()), dv(p.v.size()), dc(p.c.size()), db(p.b.size()) {
    std::vector<double> a(p.c.size()), h(p.c.size());
    for (int64_t i = 0; i < p.n; ++i) {
      for (int64_t k = 0; k < p.pixels; ++k) {
        a.assign(p.c.begin(), p.c.end());
        for (int64_t j = 0; j < k; ++j) {
          const int64_t pixel = pixel_at(p, j);
          for (int64_t u = 0; u < p.hidden; ++u) {
            a[at(0, u, 0)] += p.x[at(i, pixel, p.pixels)] * static_cast<double>(p.w[at(pixel, u, p.hidden)]);
          }
        }
        const int64_t pixel = pixel_at(p, k);
        const double dl = static_cast<double>(p.dlogits[at(i, pixel, p.pixels)]);
        double logit = static_cast<double>(p.b[at(0, pixel, 0)]);
        db[at(0, pixel, 0)] += dl;
        for (int64_t u = 0; u < p.hidden; ++u) {
          const double hu = 1 / (1 + std::exp(-a[at(0, u, 0)]));
          const double vu = static_cast<double>(p.v[at(pixel, u, p.hidden)]);
          logit += vu * hu;
          dv[at(pixel, u, p.hidden)] += dl * hu;
          const double da = dl * vu * hu * (1 - hu);
          dc[at(0, u, 0)] += da;
          for (int64_t j = 0; j < k; ++j) {
            const int64_t before = pixel_at(p, j);
            if (p.x[at(i, before, p.pixels)]) dw[at(before, u, p.hidden)] += da;
          }
        }
        logits[at(i, pixel, p.pixels)] = logit;
      }
    }
  }
  static int64_t pixel_at(const Problem& p, int64_t k) { return p.order.empty() ? k : p.order[at(0, k, 0)]; }
  std::vector<double> logits, dw, dv, dc, db;
};

void check_close(const std::vector<float>& got, const std::vector<double>& want, double tolerance) {
  double worst = 0;
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - want[i]) / std::max(1.0, std::fabs(want[i]));
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  CHECK(worst < tolerance);
}

// Logits and gradients of p, with a tape used before or a new one.
void check_against(const Naive& naive, const Problem& p, NadeTape* used = nullptr) {
  NadeTape fresh;
  NadeTape& tape = used ? *used : fresh;
  const double tolerance = 1e-5 * std::sqrt(static_cast<double>(p.hidden + p.pixels));
  std::vector<float> logits(p.x.size(), NAN);
  nade_forward(p.weights(), p.x.data(), p.n, logits.data(), &tape);
  check_close(logits, naive.logits, tolerance);

  std::vector<float> dw(p.w.size(), NAN), dc(p.c.size(), NAN), dv(p.v.size(), NAN), db(p.b.size(), NAN);
  nade_backward(p.weights(), tape, p.dlogits.data(), {dw.data(), dc.data(), dv.data(), db.data()}, 0.0f);
  check_close(dw, naive.dw, tolerance);
  check_close(dc, naive.dc, tolerance);
  check_close(dv, naive.dv, tolerance);
  check_close(db, naive.db, tolerance);
}

const Case kCases[] = {{1, 1, 1},
                       {2, 5, 7},
                       {3, 5, 16},
                       {5, 60, 500},
                       {7, 130, 33},
                       {4, 113, 20, true},
                       {3, 57, 64, false, 1.0},
                       {2, 56, 32, false, 0.0},
                       {50, 64, 12},
                       {2, 784, 3, false, 0.1}};

std::string bytes(const std::vector<float>& v) {
  return std::string(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float));
}

// The step form against the parallel form, twice with one stepper.
void check_steps(const Problem& p) {
  std::vector<float> parallel(p.x.size()), stepped(p.x.size());
  nade_forward(p.weights(), p.x.data(), p.n, parallel.data(), nullptr);
  const NadePackedWeights packed(p.weights());
  NadeStepper stepper(packed, p.n);
  for (int round = 0; round < 2; ++round) {
    stepper.begin();
    std::vector<float> logits(static_cast<size_t>(p.n));
    std::vector<int32_t> symbols(static_cast<size_t>(p.n));
    for (int64_t k = 0; k < p.pixels; ++k) {
      REQUIRE(stepper.step() == k);
      stepper.logits(logits.data());
      const int64_t pixel = Naive::pixel_at(p, k);
      for (int64_t i = 0; i < p.n; ++i) {
        stepped[at(i, pixel, p.pixels)] = logits[at(0, i, 0)];
        symbols[at(0, i, 0)] = p.x[at(i, pixel, p.pixels)];
      }
      stepper.observe(symbols.data());
    }
    CHECK(bytes(parallel) == bytes(stepped));
  }
  CHECK_THROWS(stepper.logits(stepped.data()));
}

}  // namespace

TEST_CASE("NADE logits and gradients follow the definition") {
  for (const Case& s : kCases) {
    CAPTURE(s.n, s.pixels, s.hidden);
    const Problem p(s);
    const Naive naive(p);
    on_every_target([&] { check_against(naive, p); });
  }
}

TEST_CASE("A NADE tape serves one problem after another") {
  NadeTape tape;
  for (const Case& s : kCases) {
    const Problem p(s);
    check_against(Naive(p), p, &tape);
  }
}
TEST_CASE("NADE gradients accumulate when beta is 1") {
  const Problem p({6, 70, 40});
  NadeTape tape;
  std::vector<float> logits(p.x.size());
  nade_forward(p.weights(), p.x.data(), p.n, logits.data(), &tape);
  std::vector<float> once(p.w.size()), twice(p.w.size(), 0.25f);
  std::vector<float> c1(p.c.size()), c2(p.c.size(), 0.25f), v1(p.v.size()), v2(p.v.size(), 0.25f);
  std::vector<float> b1(p.b.size()), b2(p.b.size(), 0.25f);
  nade_backward(p.weights(), tape, p.dlogits.data(), {once.data(), c1.data(), v1.data(), b1.data()}, 0.0f);
  nade_backward(p.weights(), tape, p.dlogits.data(), {twice.data(), c2.data(), v2.data(), b2.data()}, 1.0f);
  const auto check = [](const std::vector<float>& x, const std::vector<float>& y) {
    for (size_t i = 0; i < x.size(); ++i) CHECK(y[i] == Approx(x[i] + 0.25f).margin(1e-5));
  };
  check(once, twice);
  check(c1, c2);
  check(v1, v2);
  check(b1, b2);
}

TEST_CASE("NADE gives the same logits in parallel and step by step, bit for bit") {
  for (const Case& s : kCases) {
    CAPTURE(s.n, s.pixels, s.hidden);
    const Problem p(s);
    on_every_target([&] { check_steps(p); });
  }
}

TEST_CASE("NADE logits of an image do not depend on the images beside it") {
  const Problem p({9, 100, 50});
  std::vector<float> together(p.x.size()), alone(p.x.size());
  nade_forward(p.weights(), p.x.data(), p.n, together.data(), nullptr);
  for (int64_t i = 0; i < p.n; ++i) {
    nade_forward(p.weights(), p.x.data() + i * p.pixels, 1, alone.data() + i * p.pixels, nullptr);
  }
  CHECK(bytes(together) == bytes(alone));
}

TEST_CASE("NADE forward and backward repeat their bits") {
  const Problem p({8, 120, 37});
  std::string first;
  for (int round = 0; round < 2; ++round) {
    NadeTape tape;
    std::vector<float> logits(p.x.size()), dw(p.w.size()), dc(p.c.size()), dv(p.v.size()), db(p.b.size());
    nade_forward(p.weights(), p.x.data(), p.n, logits.data(), &tape);
    nade_backward(p.weights(), tape, p.dlogits.data(), {dw.data(), dc.data(), dv.data(), db.data()}, 0.0f);
    const std::string all = bytes(logits) + bytes(dw) + bytes(dc) + bytes(dv) + bytes(db);
    if (round == 0) first = all;
    CHECK(all == first);
  }
}

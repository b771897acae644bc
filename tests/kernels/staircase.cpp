#include "kernels/product/staircase.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

std::vector<float> draw(int64_t count, uint64_t seed) {
  const RandomStream random(seed, "staircase test");
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.normal(static_cast<uint64_t>(i))));
  return values;
}

struct Problem {
  Problem(std::vector<int64_t> limits, int64_t inputs, int64_t examples, int64_t batch)
      : staircase(std::move(limits), inputs, batch), n(examples), in(inputs), out(staircase.outputs()) {
    x = draw(n * in, 1);
    w = draw(out * in, 2);
    bias = draw(out, 3);
    dy = draw(n * out, 4);
    for (int64_t r = 0; r < out; ++r) {
      for (int64_t j = limit(r); j < in; ++j) w[static_cast<size_t>(r * in + j)] = 0;
    }
  }
  int64_t limit(int64_t r) const { return staircase.limits()[static_cast<size_t>(r)]; }
  Staircase staircase;
  int64_t n, in, out;
  std::vector<float> x, w, bias, dy;
};

// sum over i < k of a[i * stride_a] b[i * stride_b], in double.
double dot(const float* a, int64_t stride_a, const float* b, int64_t stride_b, int64_t k) {
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) sum += static_cast<double>(a[i * stride_a]) * static_cast<double>(b[i * stride_b]);
  return sum;
}

// Degrees of `count` units spread evenly over [first, last].
std::vector<int64_t> even(int64_t count, int64_t first, int64_t last) {
  std::vector<int64_t> limits;
  for (int64_t r = 0; r < count; ++r) limits.push_back(first + (last - first) * r / std::max<int64_t>(count - 1, 1));
  return limits;
}

std::vector<Problem> problems() {
  std::vector<Problem> all;
  all.emplace_back(even(784, 0, 783), 784, 5, 50);      // FVSBN
  all.emplace_back(even(300, 1, 200), 200, 3, 100000);  // many bands
  all.emplace_back(even(40, 0, 30), 100, 4, 50);        // columns that no row uses
  all.emplace_back(std::vector<int64_t>(20, 0), 9, 2, 50);
  all.emplace_back(std::vector<int64_t>(17, 9), 9, 2, 50);
  all.emplace_back(std::vector<int64_t>{1}, 1, 1, 1);
  std::vector<int64_t> steps(64, 0);
  for (int64_t r = 40; r < 64; ++r) steps[static_cast<size_t>(r)] = 77;
  all.emplace_back(steps, 80, 6, 100000);
  return all;
}

}  // namespace

TEST_CASE("Staircase products equal the masked dense ones") {
  for (const Problem& p : problems()) {
    CAPTURE(p.in, p.out, p.n);
    const double tolerance = 1e-5 * std::sqrt(static_cast<double>(std::max(p.in, p.out)));
    std::vector<float> y(static_cast<size_t>(p.n * p.out), NAN), plain(y);
    staircase_forward(p.staircase, {p.x.data(), p.staircase.inputs()}, {p.w.data(), p.staircase.inputs()},
                      p.bias.data(), y.data(), p.n);
    staircase_forward(p.staircase, {p.x.data(), p.staircase.inputs()}, {p.w.data(), p.staircase.inputs()}, nullptr,
                      plain.data(), p.n);
    for (int64_t i = 0; i < p.n; ++i) {
      for (int64_t r = 0; r < p.out; ++r) {
        const size_t at = static_cast<size_t>(i * p.out + r);
        const double product = dot(p.x.data() + i * p.in, 1, p.w.data() + r * p.in, 1, p.in);
        const double want = product + static_cast<double>(p.bias[static_cast<size_t>(r)]);
        CHECK(std::fabs(static_cast<double>(y[at]) - want) < tolerance);
        CHECK(std::fabs(static_cast<double>(plain[at]) - product) < tolerance);
      }
    }
    for (const float beta : {0.0f, 1.0f}) {
      std::vector<float> dx(static_cast<size_t>(p.n * p.in), beta == 0.0f ? NAN : 0.5f);
      staircase_backward_data(p.staircase, {p.dy.data(), p.staircase.outputs()}, {p.w.data(), p.staircase.inputs()},
                              dx.data(), p.n, beta);
      for (int64_t i = 0; i < p.n; ++i) {
        for (int64_t j = 0; j < p.in; ++j) {
          const double want = dot(p.dy.data() + i * p.out, 1, p.w.data() + j, p.in, p.out) + (beta == 0.0f ? 0 : 0.5);
          CHECK(std::fabs(static_cast<double>(dx[static_cast<size_t>(i * p.in + j)]) - want) < tolerance);
        }
      }
    }
  }
}

TEST_CASE("Staircase weight gradients are exactly 0 behind the staircase") {
  for (const Problem& p : problems()) {
    CAPTURE(p.in, p.out, p.n);
    std::vector<float> dw(static_cast<size_t>(p.out * p.in), 0.0f);  // an arena zeroed once
    for (int round = 1; round <= 3; ++round) {                       // new, accumulated, new again
      staircase_backward_weights(p.staircase, {p.dy.data(), p.staircase.outputs()}, {p.x.data(), p.staircase.inputs()},
                                 dw.data(), p.n, round == 2 ? 1.0f : 0.0f);
      for (int64_t r = 0; r < p.out; ++r) {
        for (int64_t j = 0; j < p.in; ++j) {
          const float got = dw[static_cast<size_t>(r * p.in + j)];
          if (j >= p.limit(r)) {
            REQUIRE(got == 0.0f);
          } else {
            const double want = (round == 2 ? 2 : 1) * dot(p.dy.data() + r, p.out, p.x.data() + j, p.in, p.n);
            REQUIRE(std::fabs(static_cast<double>(got) - want) < 1e-4);
          }
        }
      }
    }
  }
}

TEST_CASE("Staircase bands cover the mask and leave out about half of it") {
  const Staircase s(even(784, 0, 783), 784, 50);
  int64_t next = 0, work = 0;
  for (const auto& [begin, end, limit] : s.row_bands()) {
    CHECK(begin == next);
    for (int64_t r = begin; r < end; ++r) CHECK(s.limits()[static_cast<size_t>(r)] <= limit);
    next = end;
    work += (end - begin) * limit;
  }
  CHECK(next == 784);
  CHECK(work < 784 * 784 * 7 / 10);
  next = work = 0;
  for (const auto& [begin, end, first] : s.column_bands()) {
    CHECK(begin == next);
    for (int64_t r = 0; r < first; ++r) CHECK(s.limits()[static_cast<size_t>(r)] <= begin);
    next = end;
    work += (end - begin) * (784 - first);
  }
  CHECK(next == 784);
  CHECK(work < 784 * 784 * 7 / 10);
  CHECK(s.row_bands().size() >= 3);
  CHECK(Staircase(even(784, 0, 783), 784, 1000).row_bands().size() > s.row_bands().size());
}

TEST_CASE("Staircase limits that fall or exceed the inputs are refused") {
  CHECK_THROWS(Staircase({3, 2}, 4, 50));
  CHECK_THROWS(Staircase({3, 5}, 4, 50));
  CHECK_THROWS(Staircase({-1, 2}, 4, 50));
  CHECK_THROWS(Staircase({}, 4, 50));
}

#include "kernels/attention/attention.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "attention_definition.hpp"
#include "catch.hpp"
#include "every_target.hpp"
#include "kernels/attention/attention_cache.hpp"

using namespace mlrun;
using namespace mlrun::kernels;
using namespace mlrun::test;

namespace {

double gap(const Floats& a, const Doubles& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double off = std::abs(static_cast<double>(a[i]) - b[i]);
    most = off >= 0 ? std::max(most, off) : HUGE_VAL;
  }
  return most;
}

// Values and all gradients against the definition.
void check(const Problem& p) {
  const AttentionShape& s = p.shape;
  const Naive expected = naive(p);
  const AttentionInputs in = p.inputs();
  const int64_t y_row = s.heads * s.values;
  Floats y(p.dy.size()), log_sum(static_cast<size_t>(s.log_sum_count())), d_all(p.all.size(), 7), d_bias(p.bias.size()),
      d_position_q(p.position_q.size(), 7), d_keys(p.position_keys.size()), d_queries(p.position_queries.size());
  const SequenceRows<float> y_rows = {y.data(), s.length * y_row, y_row};
  attention(s, in, y_rows, log_sum.data());
  CHECK(gap(y, expected.y) < 1e-5);
  AttentionGradients to;
  to.q = p.rows<float>(d_all, 0);
  to.k = p.rows<float>(d_all, p.k());
  to.v = p.rows<float>(d_all, p.v());
  if (in.bias) to.bias = d_bias.data();
  if (in.position_keys) {
    to.position_q = {d_position_q.data(), s.length * p.k(), p.k()};
    to.position_keys = d_keys.data();
  }
  if (in.position_queries) to.position_queries = d_queries.data();
  attention_gradient(s, in, {y.data(), s.length * y_row, y_row}, {p.dy.data(), s.length * y_row, y_row}, log_sum.data(),
                     to);
  CHECK(gap(d_all, expected.all) < 5e-5);
  CHECK(gap(d_bias, expected.bias) < 5e-5);
  CHECK(gap(d_position_q, expected.position_q) < 5e-5);
  CHECK(gap(d_keys, expected.position_keys) < 5e-5);
  CHECK(gap(d_queries, expected.position_queries) < 5e-5);
}

// The same by steps, each of which sees what came before it.
void check_steps(const Problem& p) {
  const AttentionShape& s = p.shape;
  AttentionCache cache(s);
  const Naive expected = naive(p);
  const int64_t y_row = s.heads * s.values;
  Floats bias;  // by distance first
  for (int64_t d = 0; d < s.length && !p.bias.empty(); ++d) {
    for (int64_t h = 0; h < s.heads; ++h) bias.push_back(p.bias[static_cast<size_t>(h * s.length + d)]);
  }
  Floats y(p.dy.size()), row(static_cast<size_t>(s.sequences * y_row));
  for (int64_t t = 0; t < s.length; ++t) {
    const auto of_step = [&](const Floats& from, int64_t stride, int64_t channel, int64_t width) {
      Floats x;
      for (int64_t i = 0; i < s.sequences && !from.empty(); ++i) {
        const auto begin = from.begin() + (i * s.length + t) * stride + channel;
        x.insert(x.end(), begin, begin + width);
      }
      return x;
    };
    const Floats q = of_step(p.all, p.row, 0, p.k()), k = of_step(p.all, p.row, p.k(), s.groups * s.keys),
                 v = of_step(p.all, p.row, p.v(), s.groups * s.values), pq = of_step(p.position_q, p.k(), 0, p.k());
    AttentionStretch step;
    step.q = q.data();
    step.k = k.data();
    step.v = v.data();
    if (!bias.empty()) step.bias = bias.data();
    if (!pq.empty()) step.position_q = pq.data(), step.position_keys = p.position_keys.data();
    if (!p.position_queries.empty()) step.position_queries = p.position_queries.data();
    cache.extend(step, row.data());
    for (int64_t i = 0; i < s.sequences; ++i)
      std::copy_n(row.begin() + i * y_row, y_row, y.begin() + (i * s.length + t) * y_row);
  }
  CHECK(gap(y, expected.y) < 1e-5);
}

AttentionShape shape_of(int64_t length, int64_t heads, int64_t groups, int64_t keys, int64_t values,
                        std::vector<Reach> reach = {}) {
  return {2, length, heads, groups, keys, values, 1 / std::sqrt(static_cast<float>(keys)), std::move(reach)};
}

}  // namespace

TEST_CASE("attention in tiles agrees with its definition, values and gradients, around every edge of a tile") {
  on_every_target([] {
    for (const int64_t length : {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200}) {
      INFO("length " << length);
      check(Problem(shape_of(length, 2, 2, 8, 8), {}));
    }
  });
}

TEST_CASE("attention with shared keys, with widths that no vector divides, and with a window") {
  on_every_target([] {
    check(Problem(shape_of(70, 4, 2, 5, 3), {}));
    check(Problem(shape_of(70, 3, 1, 17, 33), {}));
    check(Problem(shape_of(130, 2, 2, 1, 1), {}));
    for (const int64_t window : {1, 2, 63, 64, 65, 66, 128, 129, 1000}) {
      INFO("window " << window);
      check(Problem(shape_of(193, 2, 1, 4, 4, {{window, 1}, {0, 1}}), {}));
    }
  });
}

TEST_CASE("no bit of attention depends on what comes later") {
  on_every_target([] {
    for (const Terms terms : {Terms{}, Terms{true, true, true}}) {
      Problem p(shape_of(150, 2, 1, 6, 5), terms);
      for (float& x : p.all) x *= 6;  // so that the greatest score changes from tile to tile
      const auto run = [&] {
        Floats y(p.dy.size()), log_sum(static_cast<size_t>(p.shape.log_sum_count()));
        const int64_t row = p.shape.heads * p.shape.values;
        attention(p.shape, p.inputs(), {y.data(), p.shape.length * row, row}, log_sum.data());
        return y;
      };
      const Floats before = run();
      for (const int64_t at : {1, 15, 63, 64, 92, 140, 149}) {
        const Floats all = p.all;
        for (int64_t i = 0; i < p.row; ++i) p.all[static_cast<size_t>(at * p.row + i)] += 9;
        const Floats after = run();
        p.all = all;
        const auto upto = static_cast<std::ptrdiff_t>(at * p.shape.heads * p.shape.values);
        INFO("changed at " << at);
        CHECK(std::equal(before.begin(), before.begin() + upto, after.begin()));
        CHECK_FALSE(std::equal(before.begin() + upto, before.end(), after.begin() + upto));
      }
    }
  });
}

TEST_CASE("attention to every stride-th position, alone and with a window of them") {
  on_every_target([] {
    for (const Reach reach : {Reach{0, 2}, Reach{0, 28}, Reach{3, 5}, Reach{70, 2}, Reach{0, 500}}) {
      INFO("window " << reach.window << " stride " << reach.stride);
      check(Problem(shape_of(150, 3, 1, 4, 4, {reach, {5, 1}, reach}), {true, true, true}));
    }
  });
}

TEST_CASE("attention within blocks, of any size and beside heads without") {
  on_every_target([] {
    for (const int64_t block : {1, 2, 63, 64, 65, 128, 149, 150, 151, 1000}) {
      INFO("block " << block);
      check(Problem(shape_of(150, 3, 1, 4, 4, {{0, 1, block}, {5, 1}, {7, 1, block}}), {true, true, true}));
    }
  });
}

TEST_CASE("what depends on the distance of two positions is added inside a tile") {
  on_every_target([] {
    for (const int64_t length : {1, 63, 64, 65, 130}) {
      for (const Terms terms : {Terms{true}, Terms{false, true}, Terms{false, false, true}, Terms{true, true, true}}) {
        INFO("length " << length << " terms " << terms.bias << terms.position_keys << terms.position_queries);
        check(Problem(shape_of(length, 2, 1, 6, 5), terms));
      }
    }
    check(Problem(shape_of(130, 2, 2, 6, 6, {{40, 1}, {70, 1}}), {true, true, true}));
  });
}

TEST_CASE("attention step by step, from a cache, is attention in tiles") {
  on_every_target([] {
    check_steps(Problem(shape_of(150, 4, 2, 5, 3), {}));
    check_steps(Problem(shape_of(300, 2, 2, 16, 16, {{10, 1}, {70, 1}}), {}));
    check_steps(Problem(shape_of(200, 2, 1, 4, 20, {{3, 7}, {40, 1}}), {}));
    check_steps(Problem(shape_of(300, 2, 1, 4, 20, {{0, 1, 50}, {0, 1, 70}}), {}));
    check_steps(Problem(shape_of(140, 2, 2, 6, 6, {{0, 5}, {0, 1}}), {true, true, true}));
  });
}

TEST_CASE("dropout of weights drops its share, keeps the mean, and the gradient knows which") {
  on_every_target([] {
    AttentionShape s = shape_of(140, 2, 2, 4, 140);
    s.values = s.length;
    Problem p(s, {});
    // Values that are unit vectors show the weights themselves.
    for (int64_t i = 0; i < s.sequences; ++i) {
      for (int64_t t = 0; t < s.length; ++t) {
        for (int64_t g = 0; g < s.groups; ++g) {
          float* v = p.all.data() + (i * s.length + t) * p.row + p.v() + g * s.values;
          std::fill_n(v, s.values, 0.0f);
          v[t] = 1;
        }
      }
    }
    AttentionInputs in = p.inputs();
    const int64_t y_row = s.heads * s.values;
    const auto run = [&](Floats& log_sum) {
      Floats y(p.dy.size());
      attention(s, in, {y.data(), s.length * y_row, y_row}, log_sum.data());
      return y;
    };
    Floats log_sum(static_cast<size_t>(s.log_sum_count())), other(log_sum.size());
    const Floats whole = run(log_sum);
    in.dropout = 0.25f;
    in.noise = RandomStream(5, "dropout");
    const Floats y = run(log_sum), again = run(other);
    CHECK(y == again);
    int64_t seen = 0, dropped = 0;
    for (int64_t i = 0; i < s.sequences * s.length; ++i) {
      for (int64_t h = 0; h < s.heads; ++h) {
        for (int64_t u = 0; u <= i % s.length; ++u) {
          const auto at = static_cast<size_t>(i * y_row + h * s.values + u);
          ++seen;
          if (y[at] == 0) ++dropped;
          else CHECK(y[at] == Approx(whole[at] / 0.75f).epsilon(1e-4));
        }
      }
    }
    CHECK(static_cast<double>(dropped) / static_cast<double>(seen) == Approx(0.25).margin(0.01));
    // Gradients by q, k and v along a direction, against differences.
    Floats d_all(p.all.size());
    AttentionGradients to;
    to.q = p.rows<float>(d_all, 0);
    to.k = p.rows<float>(d_all, p.k());
    to.v = p.rows<float>(d_all, p.v());
    attention_gradient(s, in, {y.data(), s.length * y_row, y_row}, {p.dy.data(), s.length * y_row, y_row},
                       log_sum.data(), to);
    const Floats way = draw(static_cast<int64_t>(p.all.size()), 9), before = p.all;
    const auto loss_at = [&](float step) {
      for (size_t i = 0; i < way.size(); ++i) p.all[i] = before[i] + step * way[i];
      const Floats moved = run(other);
      double sum = 0;
      for (size_t i = 0; i < moved.size(); ++i) sum += static_cast<double>(moved[i]) * static_cast<double>(p.dy[i]);
      return sum;
    };
    double exact = 0;
    for (size_t i = 0; i < way.size(); ++i) exact += static_cast<double>(d_all[i]) * static_cast<double>(way[i]);
    CHECK((loss_at(1e-2f) - loss_at(-1e-2f)) / 2e-2 == Approx(exact).epsilon(2e-2));
    p.all = before;
  });
}

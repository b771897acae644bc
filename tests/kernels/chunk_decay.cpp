#include "kernels/ssm/chunk_decay.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "catch.hpp"
#include "every_target.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

std::vector<float> draw(int64_t count, uint64_t seed, double low = -1, double high = 1) {
  const RandomStream random(seed, "chunk decay test");
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(low + (high - low) * random.uniform(static_cast<uint64_t>(i))));
  return values;
}

// Queries, keys and values stand in one row, as in a mixer.
struct Problem {
  Problem(const DecayShape& s, double strongest, bool weighted)
      : shape(s),
        row(2 * s.groups * s.keys + s.heads * s.values),
        all(draw(s.sequences * s.length * row, 1)),
        dy(draw(s.sequences * s.length * s.heads * s.values, 2)),
        skip(draw(s.heads, 5)) {
    if (strongest > 0) log_decay = draw(s.sequences * s.length * s.heads, 3, -strongest, 0);
    if (weighted) weight = draw(s.sequences * s.length * s.heads, 4, 0.1, 2);
  }
  int64_t values() const { return shape.heads * shape.values; }
  SequenceRows<const float> of_heads(const std::vector<float>& x) const {
    if (x.empty()) return {};
    return {x.data(), shape.length * shape.heads, shape.heads};
  }
  SequenceRows<const float> rows(int64_t channel) const { return {all.data() + channel, shape.length * row, row}; }
  DecayInputs inputs() const {
    return {.q = rows(values() + shape.groups * shape.keys),
            .k = rows(values()),
            .v = rows(0),
            .log_decay = of_heads(log_decay),
            .weight = of_heads(weight),
            .skip = weight.empty() ? nullptr : skip.data()};
  }
  DecayShape shape;
  int64_t row;
  std::vector<float> all, dy, skip, log_decay, weight;
};

using Doubles = std::vector<double>;
struct Naive {
  Doubles y, q, k, v, log_decay, weight, skip;  // gradients but for y, each in rows of its own
};

// Position after position, in double, and backward through it.
Naive naive(const Problem& p) {
  const DecayShape& s = p.shape;
  const DecayInputs in = p.inputs();
  const int64_t n = s.keys, m = s.values, rows = s.sequences * s.length;
  const auto zeros = [](int64_t count) { return Doubles(static_cast<size_t>(count)); };
  Naive r = {zeros(rows * s.heads * m),
             zeros(rows * s.groups * n),
             zeros(rows * s.groups * n),
             zeros(rows * s.heads * m),
             zeros(rows * s.heads),
             zeros(rows * s.heads),
             zeros(s.heads)};
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t g = h / s.heads_per_group();
      std::vector<Doubles> states = {zeros(n * m)};
      const auto decay = [&](int64_t t) {
        return in.log_decay ? std::exp(static_cast<double>(in.log_decay.at(i, t)[h])) : 1.0;
      };
      const auto weight = [&](int64_t t) { return in.weight ? static_cast<double>(in.weight.at(i, t)[h]) : 1.0; };
      const double skip = in.skip ? static_cast<double>(in.skip[h]) : 0.0;
      const auto q = [&](int64_t t, int64_t a) { return static_cast<double>(in.q.at(i, t)[g * n + a]); };
      const auto k = [&](int64_t t, int64_t a) { return static_cast<double>(in.k.at(i, t)[g * n + a]); };
      const auto v = [&](int64_t t, int64_t b) { return static_cast<double>(in.v.at(i, t)[h * m + b]); };
      const auto of_values = [&](int64_t t, int64_t b) {
        return static_cast<size_t>(((i * s.length + t) * s.heads + h) * m + b);
      };
      const auto of_keys = [&](int64_t t, int64_t a) {
        return static_cast<size_t>(((i * s.length + t) * s.groups + g) * n + a);
      };
      const auto of_head = [&](int64_t t) { return static_cast<size_t>((i * s.length + t) * s.heads + h); };
      for (int64_t t = 0; t < s.length; ++t) {
        Doubles state = states.back();
        for (int64_t b = 0; b < m; ++b) {
          double sum = skip * v(t, b);
          for (int64_t a = 0; a < n; ++a) {
            double& x = state[static_cast<size_t>(a * m + b)];
            x = decay(t) * x + weight(t) * k(t, a) * v(t, b);
            sum += q(t, a) * x;
          }
          r.y[of_values(t, b)] = sum;
        }
        states.push_back(state);
      }
      Doubles d_state = zeros(n * m);
      for (int64_t t = s.length - 1; t >= 0; --t) {
        const Doubles &after = states[static_cast<size_t>(t + 1)], &before = states[static_cast<size_t>(t)];
        for (int64_t b = 0; b < m; ++b) {
          const double dy = static_cast<double>(p.dy[of_values(t, b)]);
          r.v[of_values(t, b)] += skip * dy;
          r.skip[static_cast<size_t>(h)] += v(t, b) * dy;
          for (int64_t a = 0; a < n; ++a) {
            const size_t at = static_cast<size_t>(a * m + b);
            r.q[of_keys(t, a)] += dy * after[at];
            d_state[at] += dy * q(t, a);
            r.k[of_keys(t, a)] += d_state[at] * weight(t) * v(t, b);
            r.v[of_values(t, b)] += d_state[at] * weight(t) * k(t, a);
            r.weight[of_head(t)] += d_state[at] * k(t, a) * v(t, b);
            r.log_decay[of_head(t)] += d_state[at] * decay(t) * before[at];
            d_state[at] *= decay(t);
          }
        }
      }
    }
  }
  return r;
}

double largest(const Doubles& x) {
  double most = 1;
  for (const double a : x) most = std::max(most, std::fabs(a));
  return most;
}

// Rows in memory with strides against plain ones, relative to the largest.
double error(const SequenceRows<float>& rows, const DecayShape& s, int64_t width, const Doubles& expected) {
  double worst = 0;
  size_t at = 0;
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t t = 0; t < s.length; ++t) {
      for (int64_t j = 0; j < width; ++j) {
        const double e = std::fabs(static_cast<double>(rows.at(i, t)[j]) - expected[at++]);
        worst = e >= 0 ? std::max(worst, e) : HUGE_VAL;
      }
    }
  }
  return worst / largest(expected);
}

std::vector<Problem> problems() {
  std::vector<Problem> all;
  for (const int64_t length : {1, 63, 64, 65, 200}) all.emplace_back(DecayShape{2, length, 1, 4, 5, 7}, 0.5, true);
  all.emplace_back(DecayShape{1, 150, 3, 3, 17, 16}, 0, false);     // linear attention
  all.emplace_back(DecayShape{1, 150, 2, 4, 16, 33}, 0.1, false);   // several heads in each group
  all.emplace_back(DecayShape{1, 140, 1, 2, 8, 8}, 60, true);       // nothing of it can be undone in float
  all.emplace_back(DecayShape{1, 130, 1, 3, 160, 128}, 0.3, true);  // a group in two blocks
  all.emplace_back(DecayShape{1, 70, 3, 3, 128, 128}, 0.3, true);   // groups in two blocks
  return all;
}

}  // namespace

TEST_CASE("decaying states in chunks, and their gradients, are those of the recurrence") {
  for (const Problem& p : problems()) {
    const DecayShape& s = p.shape;
    const Naive expected = naive(p);
    CAPTURE(s.sequences, s.length, s.groups, s.heads, s.keys, s.values);
    const auto check = [&] {
      std::vector<float> y(p.dy.size(), NAN), without(y), borders(static_cast<size_t>(s.border_count()), NAN),
          d_all(p.all.size(), NAN), d_decay(p.log_decay.size(), NAN), d_weight(p.weight.size(), NAN),
          d_skip(p.skip.size(), 1.0f);
      const SequenceRows<float> to_y = {y.data(), s.length * p.values(), p.values()};
      chunk_decay(s, p.inputs(), to_y, borders.data());
      chunk_decay(s, p.inputs(), {without.data(), to_y.sequence, to_y.position}, nullptr);
      CHECK(y == without);
      CHECK(error(to_y, s, p.values(), expected.y) < 2e-6);
      DecayGradients to;
      to.v = {d_all.data(), s.length * p.row, p.row};
      to.k = {d_all.data() + p.values(), to.v.sequence, to.v.position};
      to.q = {d_all.data() + p.values() + s.groups * s.keys, to.v.sequence, to.v.position};
      if (!d_decay.empty()) to.log_decay = {d_decay.data(), s.length * s.heads, s.heads};
      if (!d_weight.empty()) to.weight = {d_weight.data(), s.length * s.heads, s.heads}, to.skip = d_skip.data();
      chunk_decay_gradient(s, p.inputs(), {y.data(), to_y.sequence, to_y.position},
                           {p.dy.data(), to_y.sequence, to_y.position}, borders.data(), to);
      CHECK(error(to.v, s, p.values(), expected.v) < 4e-6);
      CHECK(error(to.k, s, s.groups * s.keys, expected.k) < 4e-6);
      CHECK(error(to.q, s, s.groups * s.keys, expected.q) < 4e-6);
      if (to.log_decay) CHECK(error(to.log_decay, s, s.heads, expected.log_decay) < 1e-5);
      if (!to.weight) return;
      CHECK(error(to.weight, s, s.heads, expected.weight) < 4e-6);
      for (size_t h = 0; h < d_skip.size(); ++h)
        CHECK(std::fabs(static_cast<double>(d_skip[h]) - 1 - expected.skip[h]) < 1e-5 * largest(expected.skip));
    };
    if (s.keys < 100) on_every_target(check);
    else check();
  }
}

TEST_CASE("a decay that is the same at all positions needs one row") {
  const Problem p({2, 100, 1, 2, 4, 6}, 0.5, false);
  const std::vector<float> constant = {-0.1f, -1.5f};
  std::vector<float> everywhere;
  for (int64_t i = 0; i < 200; ++i) everywhere.insert(everywhere.end(), constant.begin(), constant.end());
  DecayInputs one = p.inputs(), all = p.inputs();
  one.log_decay = {constant.data(), 0, 0};
  all.log_decay = p.of_heads(everywhere);
  std::vector<float> y(p.dy.size()), z(p.dy.size());
  chunk_decay(p.shape, one, {y.data(), 1200, 12}, nullptr);
  chunk_decay(p.shape, all, {z.data(), 1200, 12}, nullptr);
  CHECK(y == z);
}

TEST_CASE("decaying states, position by position") {
  for (const Problem& p : problems()) {
    const DecayShape& s = p.shape;
    if (s.keys > 100) continue;
    const Naive expected = naive(p);
    const DecayInputs in = p.inputs();
    on_every_target([&] {
      double worst = 0;
      for (int64_t i = 0; i < s.sequences; ++i) {
        std::vector<float> state(static_cast<size_t>(s.heads * s.keys * s.values)), y(static_cast<size_t>(p.values()));
        for (int64_t t = 0; t < s.length; ++t) {
          const DecayStep step = {.q = in.q.at(i, t),
                                  .k = in.k.at(i, t),
                                  .v = in.v.at(i, t),
                                  .log_decay = in.log_decay ? in.log_decay.at(i, t) : nullptr,
                                  .weight = in.weight ? in.weight.at(i, t) : nullptr,
                                  .skip = in.skip};
          decay_step(s, step, state.data(), y.data());
          for (int64_t j = 0; j < p.values(); ++j) {
            const size_t at = static_cast<size_t>((i * s.length + t) * p.values() + j);
            worst = std::max(worst, std::fabs(static_cast<double>(y[static_cast<size_t>(j)]) - expected.y[at]));
          }
        }
      }
      CHECK(worst < 2e-6 * largest(expected.y));
    });
  }
}

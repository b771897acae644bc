// Attention as it is defined, position by position in double, and problems to hold a kernel against it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "kernels/attention/attention.hpp"

namespace mlrun::test {

using namespace kernels;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline Floats draw(int64_t count, uint64_t seed) {
  const RandomStream random(seed, "attention test");
  Floats values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(2 * random.uniform(static_cast<uint64_t>(i)) - 1));
  return values;
}

struct Terms {
  bool bias = false, position_keys = false, position_queries = false;
};

// Queries, keys and values stand in one row, as a mixer with one projection has them.
struct Problem {
  Problem(const AttentionShape& s, const Terms& terms)
      : shape(s),
        row(s.heads * s.keys + s.groups * (s.keys + s.values)),
        all(draw(s.sequences * s.length * row, 1)),
        dy(draw(s.sequences * s.length * s.heads * s.values, 2)) {
    const int64_t table = s.length * s.heads * s.keys;
    if (terms.bias) bias = draw(s.heads * s.length, 3);
    if (terms.position_keys) position_q = draw(s.sequences * table, 4), position_keys = draw(table, 5);
    if (terms.position_queries) position_queries = draw(table, 6);
  }
  template <class T, class Vector>
  SequenceRows<T> rows(Vector& x, int64_t channel) const {
    return {x.data() + channel, shape.length * row, row};
  }
  int64_t k() const { return shape.heads * shape.keys; }
  int64_t v() const { return k() + shape.groups * shape.keys; }
  AttentionInputs inputs() const {
    AttentionInputs in;
    in.q = rows<const float>(all, 0);
    in.k = rows<const float>(all, k());
    in.v = rows<const float>(all, v());
    if (!bias.empty()) in.bias = bias.data();
    if (!position_q.empty()) {
      in.position_q = {position_q.data(), shape.length * k(), k()};
      in.position_keys = position_keys.data();
    }
    if (!position_queries.empty()) in.position_queries = position_queries.data();
    return in;
  }
  AttentionShape shape;
  int64_t row;
  Floats all, dy, bias, position_q, position_keys, position_queries;
};

struct Naive {
  Doubles y, all, bias, position_q, position_keys, position_queries;  // gradients but for y
};

// The definition, position by position in double, with a matrix of all scores.
inline Naive naive(const Problem& p) {
  const AttentionShape& s = p.shape;
  const int64_t n = s.keys, m = s.values, length = s.length;
  const auto at = [](auto& x, int64_t i) -> auto& { return x[static_cast<size_t>(i)]; };
  const auto zeros = [](const Floats& like) { return Doubles(like.size()); };
  Naive r = {zeros(p.dy),         zeros(p.all),           zeros(p.bias),
             zeros(p.position_q), zeros(p.position_keys), zeros(p.position_queries)};
  for (int64_t i = 0; i < s.sequences; ++i) {
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t g = h / s.heads_per_group();
      const Reach reach = s.reach_of(h);
      for (int64_t t = 0; t < length; ++t) {
        const int64_t q = (i * length + t) * p.row + h * n, pq = ((i * length + t) * s.heads + h) * n;
        const auto sees = [&](int64_t u) {
          return (t - u) % reach.stride == 0 && (reach.window == 0 || (t - u) / reach.stride < reach.window) &&
                 (reach.block == 0 || t / reach.block == u / reach.block);
        };
        Doubles w(static_cast<size_t>(t + 1)), dw(w.size());
        double most = -HUGE_VAL, sum = 0, dot = 0;
        for (int64_t u = 0; u <= t; ++u) {
          const int64_t k = (i * length + u) * p.row + p.k() + g * n, table = ((t - u) * s.heads + h) * n;
          double score = 0;
          for (int64_t j = 0; j < n; ++j) {
            score += static_cast<double>(at(p.all, q + j)) * static_cast<double>(at(p.all, k + j));
            if (!p.position_q.empty())
              score +=
                  static_cast<double>(at(p.position_q, pq + j)) * static_cast<double>(at(p.position_keys, table + j));
            if (!p.position_queries.empty())
              score += static_cast<double>(at(p.all, k + j)) * static_cast<double>(at(p.position_queries, table + j));
          }
          score *= static_cast<double>(s.scale);
          if (!p.bias.empty()) score += static_cast<double>(at(p.bias, h * length + t - u));
          at(w, u) = sees(u) ? score : -HUGE_VAL;
          most = std::max(most, at(w, u));
        }
        for (double& x : w) sum += x = std::exp(x - most);
        const int64_t y = ((i * length + t) * s.heads + h) * m;
        for (int64_t u = 0; u <= t; ++u) {
          at(w, u) /= sum;
          for (int64_t j = 0; j < m; ++j) {
            const int64_t v = (i * length + u) * p.row + p.v() + g * m + j;
            at(r.y, y + j) += at(w, u) * static_cast<double>(at(p.all, v));
            at(dw, u) += static_cast<double>(at(p.dy, y + j)) * static_cast<double>(at(p.all, v));
            at(r.all, v) += at(w, u) * static_cast<double>(at(p.dy, y + j));
          }
          dot += at(w, u) * at(dw, u);
        }
        for (int64_t u = 0; u <= t; ++u) {
          const double ds = at(w, u) * (at(dw, u) - dot), scaled = static_cast<double>(s.scale) * ds;
          const int64_t k = (i * length + u) * p.row + p.k() + g * n, table = ((t - u) * s.heads + h) * n;
          if (!p.bias.empty()) at(r.bias, h * length + t - u) += ds;
          for (int64_t j = 0; j < n; ++j) {
            at(r.all, q + j) += scaled * static_cast<double>(at(p.all, k + j));
            at(r.all, k + j) += scaled * static_cast<double>(at(p.all, q + j));
            if (!p.position_q.empty()) {
              at(r.position_q, pq + j) += scaled * static_cast<double>(at(p.position_keys, table + j));
              at(r.position_keys, table + j) += scaled * static_cast<double>(at(p.position_q, pq + j));
            }
            if (!p.position_queries.empty()) {
              at(r.all, k + j) += scaled * static_cast<double>(at(p.position_queries, table + j));
              at(r.position_queries, table + j) += scaled * static_cast<double>(at(p.all, k + j));
            }
          }
        }
      }
    }
  }
  return r;
}

}  // namespace mlrun::test

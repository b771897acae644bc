#include "kernels/product/staircase.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"

namespace mlrun::kernels {
namespace {

constexpr double kFlopsPerNanosecond = 150.0;   // of one core in a product of 50 rows, AVX-512
constexpr double kNanosecondsPerCall = 5000.0;  // measured as the best of 1000 to 20000; mostly packing
constexpr int64_t kGrain = 16;            // band borders are multiples of this: a narrower panel wastes vector lanes
constexpr int64_t kMostCandidates = 512;  // of band borders, since the search takes their square

// Cuts [0, count) into bands so that the sum over bands of (call + size * widest extent in the band) is least, by
// dynamic programming over the borders. extent(i) is nondecreasing.
template <class Extent>
std::vector<std::pair<int64_t, int64_t>> best_bands(int64_t count, int64_t batch, Extent extent) {
  const int64_t grain = std::max(kGrain, (count / kMostCandidates + kGrain - 1) / kGrain * kGrain);
  std::vector<int64_t> borders;
  for (int64_t i = 0; i < count; i += grain) borders.push_back(i);
  borders.push_back(count);
  const size_t last = borders.size() - 1;
  std::vector<double> cost(borders.size(), std::numeric_limits<double>::infinity());
  std::vector<size_t> from(borders.size(), 0);
  cost[0] = 0;
  for (size_t to = 1; to <= last; ++to) {
    const double width = static_cast<double>(extent(borders[to] - 1));
    for (size_t begin = 0; begin < to; ++begin) {
      const double area = width * static_cast<double>(borders[to] - borders[begin]);
      // A band of nothing is no product.
      const double time =
          area == 0 ? 0 : kNanosecondsPerCall + 2.0 * static_cast<double>(batch) * area / kFlopsPerNanosecond;
      if (cost[begin] + time < cost[to]) {
        cost[to] = cost[begin] + time;
        from[to] = begin;
      }
    }
  }
  std::vector<std::pair<int64_t, int64_t>> bands;
  for (size_t to = last; to > 0; to = from[to]) bands.emplace_back(borders[from[to]], borders[to]);
  std::reverse(bands.begin(), bands.end());
  return bands;
}

}  // namespace

Staircase::Staircase(std::vector<int64_t> limits, int64_t inputs, int64_t batch)
    : limits_(std::move(limits)), inputs_(inputs) {
  require(!limits_.empty() && inputs_ >= 1, "a staircase of {} outputs and {} inputs", limits_.size(), inputs_);
  require(std::is_sorted(limits_.begin(), limits_.end()) && limits_.front() >= 0 && limits_.back() <= inputs_,
          "staircase limits must be sorted and within [0, {}]", inputs_);
  for (const auto& [begin, end] :
       best_bands(outputs(), batch, [&](int64_t row) { return limits_[static_cast<size_t>(row)]; })) {
    row_bands_.push_back({begin, end, limits_[static_cast<size_t>(end - 1)]});
  }
  // Seen from the last column backward, the number of rows that use a column is nondecreasing.
  const auto first_row = [&](int64_t column) {
    return std::upper_bound(limits_.begin(), limits_.end(), column) - limits_.begin();
  };
  auto mirrored = best_bands(inputs_, batch, [&](int64_t back) { return outputs() - first_row(inputs_ - 1 - back); });
  std::reverse(mirrored.begin(), mirrored.end());
  for (const auto& [begin, end] : mirrored) {
    column_bands_.push_back({inputs_ - end, inputs_ - begin, first_row(inputs_ - end)});
  }
}

void staircase_forward(const Staircase& staircase, const Operand& x, const Operand& w, const float* bias, float* y,
                       int64_t n) {
  const int64_t outputs = staircase.outputs();
  for (const auto& [begin, end, limit] : staircase.row_bands()) {
    if (limit > 0) {
      matmul(x, transposed(w.at(begin, 0)), {y + begin, outputs}, {n, end - begin, limit},
             {.bias = bias ? bias + begin : nullptr});
      continue;
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t r = begin; r < end; ++r) y[i * outputs + r] = bias ? bias[r] : 0.0f;
    }
  }
}

void staircase_backward_data(const Staircase& staircase, const Operand& dy, const Operand& w, float* dx, int64_t n,
                             float beta) {
  const int64_t inputs = staircase.inputs(), outputs = staircase.outputs();
  for (const auto& [begin, end, first] : staircase.column_bands()) {
    if (first < outputs) {
      matmul(dy.at(0, first), w.at(first, begin), {dx + begin, inputs}, {n, end - begin, outputs - first},
             {.beta = beta});
    } else if (beta == 0.0f) {
      for (int64_t i = 0; i < n; ++i) std::fill(dx + i * inputs + begin, dx + i * inputs + end, 0.0f);
    }
  }
}

void staircase_backward_weights(const Staircase& staircase, const Operand& dy, const Operand& x, float* dw, int64_t n,
                                float beta) {
  const int64_t inputs = staircase.inputs();
  for (const auto& [begin, end, limit] : staircase.row_bands()) {
    if (limit == 0) continue;
    matmul(transposed(dy.at(0, begin)), x, {dw + begin * inputs, inputs}, {end - begin, limit, n}, {.beta = beta});
    for (int64_t r = begin; r < end; ++r) {
      std::fill(dw + r * inputs + staircase.limits()[static_cast<size_t>(r)], dw + r * inputs + limit, 0.0f);
    }
  }
}

}  // namespace mlrun::kernels

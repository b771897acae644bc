// Models so small that all their sequences can be counted.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbols/data_spec.hpp"

namespace mlrun::test {

// Every sequence, the first position the fastest.
inline Batch every_sequence(const DataSpec& data) {
  const int64_t d = data.positions();
  int64_t count = 1;
  for (int64_t t = 0; t < d; ++t) count *= data.alphabet;
  Batch batch;
  batch.symbols = Tensor({count, d}, DType::kS32);
  for (int64_t code = 0; code < count; ++code) {
    int64_t left = code;
    for (int64_t t = 0; t < d; ++t, left /= data.alphabet)
      batch.symbols.data<int32_t>()[code * d + t] = static_cast<int32_t>(left % data.alphabet);
  }
  return batch;
}

// Of samples against the log-probability of each sequence of every_sequence: chi-square, and its degrees of freedom.
struct Fit {
  double chi_squared = 0;
  int64_t freedom = -1;
  // The 99.9th percentile, by Wilson and Hilferty.
  double limit() const {
    const double f = static_cast<double>(freedom);
    return f * std::pow(1 - 2 / (9 * f) + 3.09 * std::sqrt(2 / (9 * f)), 3);
  }
};
inline Fit fit_of(int64_t alphabet, const Tensor& drawn, const std::vector<double>& expected_log_p) {
  const int64_t d = drawn.dim(1);
  std::vector<int64_t> counts(expected_log_p.size());
  for (int64_t i = 0; i < drawn.dim(0); ++i) {
    size_t code = 0;
    for (int64_t t = d - 1; t >= 0; --t)
      code = code * static_cast<size_t>(alphabet) + static_cast<size_t>(drawn.data<int32_t>()[i * d + t]);
    ++counts[code];
  }
  Fit fit;
  double rare_count = 0, rare = 0;  // sequences that are expected less than 8 times go together
  const auto add = [&](double count, double expected) {
    fit.chi_squared += (count - expected) * (count - expected) / expected;
    ++fit.freedom;
  };
  for (size_t code = 0; code < counts.size(); ++code) {
    const double expected = static_cast<double>(drawn.dim(0)) * std::exp(expected_log_p[code]);
    if (expected < 8) rare += expected, rare_count += static_cast<double>(counts[code]);
    else add(static_cast<double>(counts[code]), expected);
  }
  if (rare > 0) add(rare_count, rare);
  return fit;
}

}  // namespace mlrun::test

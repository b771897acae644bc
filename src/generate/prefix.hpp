// What a sample begins with (SampleOptions::prefix), and the choice of what is drawn before it.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/log_sum_exp.hpp"
#include "generate/sampler.hpp"

namespace mlrun {

// Symbols of a sample.
inline int64_t length_of(const SampleOptions& options, const DataSpec& data) {
  return options.length > 0 ? options.length : data.positions();
}

inline int64_t known_of(const SampleOptions& options) { return options.prefix.defined() ? options.prefix.dim(1) : 0; }

// The known symbols of an image.
inline const int32_t* prefix_of(const SampleOptions& options, int64_t image) {
  const int64_t row = options.prefix.dim(0) == 1 ? 0 : image;
  return options.prefix.data<int32_t>() + row * options.prefix.dim(1);
}

// The class that a sample is to be of; options.labels is not empty.
inline int32_t label_of(const SampleOptions& options, int64_t image) {
  return options.labels[options.labels.size() == 1 ? 0 : static_cast<size_t>(image)];
}

// The known symbols of `count` rows, those of the first position first: [known, count].
template <class Row>
std::vector<int32_t> known_by_position(const SampleOptions& options, int64_t count, const Row& row) {
  std::vector<int32_t> symbols;
  for (int64_t t = 0; t < known_of(options); ++t) {
    for (int64_t i = 0; i < count; ++i) symbols.push_back(prefix_of(options, row(i))[t]);
  }
  return symbols;
}

// The index that u in [0, 1) picks with these unnormalised log-probabilities.
inline size_t pick_index(const std::vector<double>& log_weights, double u) {
  const double total = log_sum_exp(log_weights);
  double left = u;
  size_t i = 0;
  for (; i + 1 < log_weights.size(); ++i) {
    left -= std::exp(log_weights[i] - total);
    if (left < 0) break;
  }
  return i;
}

}  // namespace mlrun

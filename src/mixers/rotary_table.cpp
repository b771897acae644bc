#include "mixers/rotary_table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/attention/rotary.hpp"
#include "ops/attention/rotary.hpp"

namespace mlrun {

std::vector<double> rotary_frequencies(int64_t pairs, double base) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < pairs; ++i)
    frequencies.push_back(std::pow(base, -static_cast<double>(i) / static_cast<double>(pairs)));
  return frequencies;
}

RotaryTable::RotaryTable(int64_t size, int64_t pairs, Angles angles, int64_t length)
    : size_(size), pairs_(pairs), angles_(std::move(angles)), cosines_({length, pairs}), sines_({length, pairs}) {
  for (int64_t t = 0; t < length; ++t) fill(t, cosines_.data<float>() + t * pairs, sines_.data<float>() + t * pairs);
}

RotaryTable::RotaryTable(int64_t size, int64_t length)
    : RotaryTable(
          size, size / 2,
          [frequencies = rotary_frequencies(size / 2)](int64_t position) {
            std::vector<double> angles = frequencies;
            for (double& angle : angles) angle *= static_cast<double>(position);
            return angles;
          },
          length) {}

void RotaryTable::fill(int64_t position, float* cosines, float* sines) const {
  const std::vector<double> angles = angles_(position);
  for (size_t i = 0; i < angles.size(); ++i) {
    cosines[i] = static_cast<float>(std::cos(angles[i]));
    sines[i] = static_cast<float>(std::sin(angles[i]));
  }
}

Variable RotaryTable::operator()(const Variable& x) const {
  const int64_t length = x.dim(1), heads = x.dim(2) / size_;
  if (length <= cosines_.dim(0)) return ops::rotate(x, heads, cosines_.rows(0, length), sines_.rows(0, length));
  Tensor cosines({length, pairs_}), sines({length, pairs_});
  for (int64_t t = 0; t < length; ++t) fill(t, cosines.data<float>() + t * pairs_, sines.data<float>() + t * pairs_);
  return ops::rotate(x, heads, cosines, sines);
}

void RotaryTable::extend(float* x, int64_t count, int64_t heads, int64_t position, int64_t length) const {
  const int64_t row = heads * size_;
  std::vector<float> cosines(static_cast<size_t>(length * pairs_)), sines(cosines.size());
  const int64_t first = std::min(position, cosines_.dim(0)) * pairs_;  // of what is prepared
  const int64_t prepared = std::min(length * pairs_, cosines_.count() - first);
  std::copy_n(cosines_.data<float>() + first, prepared, cosines.data());
  std::copy_n(sines_.data<float>() + first, prepared, sines.data());
  for (int64_t at = prepared; at < length * pairs_; at += std::max<int64_t>(1, pairs_))
    fill(position + at / pairs_, cosines.data() + at, sines.data() + at);
  kernels::rotate({count, length, heads, size_, pairs_}, cosines.data(), sines.data(), false, {x, row, count * row},
                  {x, row, count * row});
}

}  // namespace mlrun

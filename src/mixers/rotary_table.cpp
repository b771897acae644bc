#include "mixers/rotary_table.hpp"

#include <cmath>

#include "kernels/attention/rotary.hpp"
#include "ops/attention/rotary.hpp"

namespace mlrun {

RotaryTable::RotaryTable(int64_t heads, int64_t size, int64_t length) : heads_(heads), size_(size) {
  const int64_t pairs = size / 2;
  for (int64_t i = 0; i < pairs; ++i)
    frequency_.push_back(std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(pairs)));
  cosines_ = Tensor({length, pairs});
  sines_ = Tensor({length, pairs});
  for (int64_t t = 0; t < length; ++t) fill(t, cosines_.data<float>() + t * pairs, sines_.data<float>() + t * pairs);
}

void RotaryTable::fill(int64_t position, float* cosines, float* sines) const {
  for (size_t i = 0; i < frequency_.size(); ++i) {
    const double angle = frequency_[i] * static_cast<double>(position);
    cosines[i] = static_cast<float>(std::cos(angle));
    sines[i] = static_cast<float>(std::sin(angle));
  }
}

Variable RotaryTable::operator()(const Variable& x) const {
  const int64_t length = x.dim(1), pairs = size_ / 2;
  if (length <= cosines_.dim(0)) return ops::rotate(x, heads_, cosines_.rows(0, length), sines_.rows(0, length));
  Tensor cosines({length, pairs}), sines({length, pairs});
  for (int64_t t = 0; t < length; ++t) fill(t, cosines.data<float>() + t * pairs, sines.data<float>() + t * pairs);
  return ops::rotate(x, heads_, cosines, sines);
}

void RotaryTable::step(float* x, int64_t count, int64_t position) const {
  const int64_t row = heads_ * size_;
  std::vector<float> cosines(frequency_.size()), sines(frequency_.size());
  fill(position, cosines.data(), sines.data());
  kernels::rotate({count, 1, heads_, size_, size_ / 2}, cosines.data(), sines.data(), false, {x, row, 0}, {x, row, 0});
}

}  // namespace mlrun

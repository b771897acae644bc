#include "models/autoregressive/eonade_sweep.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/product/prefix_dot.hpp"

namespace mlrun {

EonadeSweep::EonadeSweep(const EonadeWeights& weights, const std::vector<int64_t>& order, int64_t count,
                         const int32_t* labels, int64_t together)
    : weights_(weights), order_(order), count_(count), together_(together) {
  require(weights.classes == 0 || labels, "a conditional model was asked for a step view without labels");
  const Tensor& bias = weights.biases[0];
  sums_ = Tensor({count, bias.count()});
  for (const Tensor& of_layer : weights.biases) hidden_.emplace_back(Shape{together, count, of_layer.count()});
  const int64_t label_rows = weights.positions * (weights.width() + (weights.mask_input ? 1 : 0));
  for (int64_t i = 0; i < count; ++i) {
    float* sums = sums_.data<float>() + i * bias.count();
    std::copy_n(bias.data<float>(), bias.count(), sums);
    if (weights.classes > 0) add_row(label_rows + labels[i], sums);
  }
}

void EonadeSweep::add_row(int64_t row, float* sums) const {
  const int64_t units = sums_.dim(1);
  const float* w = weights_.first.data<float>() + row * units;
  for (int64_t k = 0; k < units; ++k) sums[k] += w[k];
}

void EonadeSweep::stage() {
  require(staged_ < together_, "EoNADE has room for {} staged steps", together_);
  if (staged_ == 0) first_staged_ = step_;
  std::copy_n(sums_.data<float>(), sums_.count(), hidden_[0].data<float>() + staged_ * sums_.count());
  ++staged_;
}

void EonadeSweep::observe(const int32_t* symbols) {
  const int64_t position = order_[static_cast<size_t>(step_++)], width = weights_.width();
  for (int64_t i = 0; i < count_; ++i) {
    float* sums = sums_.data<float>() + i * sums_.dim(1);
    if (weights_.mask_input) add_row(weights_.positions * width + position, sums);
    if (weights_.alphabet != 2) add_row(position * width + symbols[i], sums);
    else if (symbols[i] != 0) add_row(position, sums);
  }
}

void EonadeSweep::logits(float* out) {
  const int64_t rows = staged_ * count_, width = weights_.width();
  for (size_t l = 0; l < hidden_.size(); ++l) {
    const int64_t units = hidden_[l].dim(2);
    float* h = hidden_[l].data<float>();
    if (l > 0) {
      weights_.above[l - 1]({.rows = rows,
                             .x = hidden_[l - 1].data<float>(),
                             .x_stride = hidden_[l - 1].dim(2),
                             .add = weights_.biases[l].data<float>(),
                             .add_stride = 0,
                             .y = h,
                             .y_stride = units});
    }
    kernels::apply(weights_.activation, h, h, rows * units);
  }
  const int64_t units = hidden_.back().dim(2);
  for (int64_t s = 0; s < staged_; ++s) {
    const int64_t row = order_[static_cast<size_t>(first_staged_ + s)] * width;
    kernels::prefix_dot(hidden_.back().data<float>() + s * count_ * units, units, count_,
                        weights_.output_weight.data<float>() + row * units, units,
                        weights_.output_bias.data<float>() + row, width, units, out + s * count_ * width, width,
                        /*accumulate=*/false);
  }
  staged_ = 0;
}

}  // namespace mlrun

#include "models/autoregressive/staircase_network.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/product/prefix_dot.hpp"
#include "kernels/vector/elementwise.hpp"
#include "models/autoregressive/packed_step_view.hpp"

namespace mlrun {

ops::StaircasePtr make_staircase(std::vector<int64_t> limits, int64_t inputs) {
  constexpr int64_t kTypicalLane = 50;
  return std::make_shared<const kernels::Staircase>(std::move(limits), inputs, kTypicalLane);
}

Initialiser on_staircase(const ops::StaircasePtr& staircase, Initialiser inside) {
  return [staircase, inside](Tensor& value, const RandomStream& noise) {
    inside(value, noise);
    float* row = value.data<float>();
    for (const int64_t limit : staircase->limits()) {
      std::fill(row + limit, row + staircase->inputs(), 0.0f);
      row += staircase->inputs();
    }
  };
}

std::vector<Range> inside_of(const kernels::Staircase& staircase) {
  std::vector<Range> inside;
  for (int64_t r = 0; r < staircase.outputs(); ++r) {
    inside.push_back({r * staircase.inputs(), r * staircase.inputs() + staircase.limits()[static_cast<size_t>(r)]});
  }
  return inside;
}

Tensor encode_symbols(const Tensor& symbols, int64_t alphabet, const Tensor& labels, int64_t classes) {
  const int64_t n = symbols.dim(0), d = symbols.dim(1);
  const int32_t* s = symbols.data<int32_t>();
  if (classes > 0) {
    const int64_t inputs = d * logits_per_step(alphabet);
    const Tensor below = encode_symbols(symbols, alphabet);
    Tensor x = Tensor::zeros({n, classes + inputs});
    for (int64_t i = 0; i < n; ++i) {
      float* row = x.data<float>() + i * (classes + inputs);
      row[labels.data<int32_t>()[i]] = 1.0f;
      std::copy_n(below.data<float>() + i * inputs, inputs, row + classes);
    }
    return x;
  }
  if (alphabet == 2) {
    Tensor x({n, d});
    std::transform(s, s + n * d, x.data<float>(), [](int32_t v) { return static_cast<float>(v); });
    return x;
  }
  Tensor x = Tensor::zeros({n, d * alphabet});
  for (int64_t i = 0; i < n * d; ++i) x.data<float>()[i * alphabet + s[i]] = 1.0f;
  return x;
}

namespace {

class StaircaseStepper : public Stepper {
 public:
  StaircaseStepper(const StaircaseNetwork& network, int64_t count, const int32_t* labels)
      : network_(network), count_(count) {
    x_ = Tensor::zeros({count, network_.classes + network_.positions * network_.width()});
    require(network_.classes == 0 || labels, "a conditional model was asked for a step view without labels");
    for (int64_t i = 0; network_.classes > 0 && i < count; ++i) x_.data<float>()[i * x_.dim(1) + labels[i]] = 1.0f;
    for (const StaircaseLayer& layer : network_.hidden) h_.push_back(Tensor::zeros({count, layer.weight.dim(0)}));
    finish_units();  // units of degree 0 know the label at most, and are final at once
  }

  void logits(float* out) override {
    const int64_t width = network_.width(), begin = step_ * width, inputs = x_.dim(1);
    rows(network_.output, h_.empty() ? x_ : h_.back(), begin, begin + width, out, width);
    if (!network_.direct.defined()) return;
    kernels::prefix_dot(x_.data<float>(), inputs, count_, network_.direct.data<float>() + begin * inputs, inputs,
                        nullptr, width, network_.classes + begin, out, width, /*accumulate=*/true);
  }

  void observe(const int32_t* symbols) override {
    const int64_t width = network_.width(), inputs = x_.dim(1);
    float* x = x_.data<float>() + network_.classes + step_ * width;
    for (int64_t i = 0; i < count_; ++i) {
      if (network_.alphabet == 2) x[i * inputs] = static_cast<float>(symbols[i]);
      else x[i * inputs + symbols[i]] = 1.0f;
    }
    ++step_;
    finish_units();
  }

  // Units that became final behind the mark are computed anew before anything reads them.
  bool can_rewind() const override { return true; }
  void mark() override { marked_ = step_; }
  void rewind(int64_t kept) override {
    const int64_t width = network_.width(), inputs = x_.dim(1);
    for (int64_t i = 0; i < count_; ++i) {
      float* x = x_.data<float>() + i * inputs + network_.classes;
      std::fill(x + (marked_ + kept) * width, x + step_ * width, 0.0f);
    }
    step_ = marked_ + kept;
  }

 private:
  // Rows [begin, end) of a layer, grouped by equal limits.
  void rows(const StaircaseLayer& layer, const Tensor& below, int64_t begin, int64_t end, float* y,
            int64_t stride) const {
    const int64_t inputs = layer.weight.dim(1);
    for (int64_t r = begin; r < end;) {
      int64_t last = r + 1;
      const int64_t limit = layer.limits[static_cast<size_t>(r)];
      while (last < end && layer.limits[static_cast<size_t>(last)] == limit) ++last;
      kernels::prefix_dot(below.data<float>(), below.dim(1), count_, layer.weight.data<float>() + r * inputs, inputs,
                          layer.bias.data<float>() + r, last - r, limit, y + (r - begin), stride, /*accumulate=*/false);
      r = last;
    }
  }

  // Computes the hidden units that became final with the last observation, layer by layer.
  void finish_units() {
    for (size_t l = 0; l < network_.hidden.size(); ++l) {
      const StaircaseLayer& layer = network_.hidden[l];
      const int64_t begin = layer.begin[static_cast<size_t>(step_)], end = layer.begin[static_cast<size_t>(step_) + 1];
      if (begin == end) continue;
      const int64_t stride = h_[l].dim(1);
      float* y = h_[l].data<float>() + begin;
      rows(layer, l == 0 ? x_ : h_[l - 1], begin, end, y, stride);
      for (int64_t i = 0; i < count_; ++i)
        kernels::apply(network_.activation, y + i * stride, y + i * stride, end - begin);
    }
  }

  const StaircaseNetwork& network_;
  int64_t count_;
  int64_t step_ = 0, marked_ = 0;
  Tensor x_;               // [count, classes + positions * width], known so far
  std::vector<Tensor> h_;  // [count, units], final so far
};

}  // namespace

std::unique_ptr<StepView> make_staircase_step_view(StaircaseNetwork network) {
  int64_t products = network.output.weight.count() + (network.direct.defined() ? network.direct.count() : 0);
  for (const StaircaseLayer& layer : network.hidden) products += layer.weight.count();
  // A sequence goes over every weight once.
  const double of_step = static_cast<double>(products) / static_cast<double>(network.positions);
  return std::make_unique<PackedStepView<StaircaseNetwork, StaircaseStepper>>(std::move(network), 0, of_step);
}

}  // namespace mlrun

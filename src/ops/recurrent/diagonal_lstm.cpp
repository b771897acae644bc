#include "ops/recurrent/diagonal_lstm.hpp"

#include "base/error.hpp"
#include "kernels/conv/conv.hpp"
#include "kernels/profile.hpp"
#include "kernels/recurrent/lstm.hpp"
#include "kernels/vector/transpose.hpp"

namespace mlrun::ops {
namespace {

using kernels::Rows;

// Pixels of images in memory, and the way across a row.
struct Walk {
  int64_t images, height, width, k;
  bool leftwards;
  int64_t pixel(int64_t r, int64_t step) const { return r * width + (leftwards ? width - 1 - step : step); }
  int64_t pixels() const { return height * width; }
  template <class T>
  Rows<T> at(T* data, int64_t r, int64_t step, int64_t channels) const {
    return {data + pixel(r, step) * channels, pixels() * channels};
  }
  kernels::Outline side() const { return {leftwards ? kernels::KernelRow{0, 1, 1} : kernels::KernelRow{0, -1, -1}}; }
  // A row of every image, as an image of one row.
  kernels::ConvShape row(int64_t in, int64_t out) const { return {1, width, in, out, {{0, 0, 0}}}; }
  kernels::ConvShape whole(kernels::Outline outline) const { return {height, width, k, 4 * k, std::move(outline)}; }
};

struct States {
  Tensor gates, c, h;
};

// pre is replaced by the gates, row by row: W_up is one product per row, W_side one per pixel.
States forward(const Walk& walk, const Tensor& pre, const Tensor& w_side, const Tensor& w_up) {
  const int64_t k = walk.k;
  States s = {pre.clone(), Tensor({walk.images, walk.height, walk.width, k}),
              Tensor({walk.images, walk.height, walk.width, k})};
  const kernels::PackedKernel up(walk.row(k, 4 * k), w_up.data<float>(), nullptr);
  float *gates = s.gates.data<float>(), *c = s.c.data<float>(), *h = s.h.data<float>();
  for (int64_t r = 0; r < walk.height; ++r) {
    for (int64_t i = 0; r > 0 && i < walk.images; ++i) {
      const int64_t place = i * walk.pixels() + r * walk.width;
      kernels::conv(up, h + (place - walk.width) * k, 1, {}, {.add = gates + place * 4 * k}, gates + place * 4 * k);
    }
    for (int64_t t = 0; t < walk.width; ++t) {
      kernels::LstmStep step;
      step.count = walk.images;
      step.width = k;
      step.w = w_side.data<float>();
      step.pre = walk.at<const float>(gates, r, t, 4 * k);
      if (t > 0) {
        step.h_before = walk.at<const float>(h, r, t - 1, k);
        step.c_before = walk.at<const float>(c, r, t - 1, k);
      }
      step.gates = walk.at(gates, r, t, 4 * k);
      step.c = walk.at(c, r, t, k);
      step.h = walk.at(h, r, t, k);
      kernels::lstm_step(step);
    }
  }
  return s;
}

// d_pre, from the last pixel to the first.
Tensor backward(const Walk& walk, const States& s, const Tensor& w_side, const Tensor& w_up, const Tensor& dy) {
  const int64_t k = walk.k;
  const Tensor side_turned = kernels::transpose(w_side);
  const kernels::TurnedKernel up_turned(walk.row(k, 4 * k), w_up.data<float>());
  Tensor dh = dy.clone(), d_pre(s.gates.shape()), dc({walk.images, k}), from_side({walk.images, k});
  float *to_h = dh.data<float>(), *to_pre = d_pre.data<float>();
  for (int64_t r = walk.height - 1; r >= 0; --r) {
    for (int64_t i = 0; r + 1 < walk.height && i < walk.images; ++i) {
      const int64_t place = i * walk.pixels() + r * walk.width;
      kernels::conv_turned(up_turned, to_pre + (place + walk.width) * 4 * k, 1, {.add = to_h + place * k},
                           to_h + place * k);
    }
    dc.fill(0);
    for (int64_t t = walk.width - 1; t >= 0; --t) {
      const Rows<float> here = walk.at(to_h, r, t, k);
      for (int64_t i = 0; t + 1 < walk.width && i < walk.images; ++i) {
        float* to = here.data + i * here.stride;
        const float* add = from_side.data<float>() + i * k;
        for (int64_t j = 0; j < k; ++j) to[j] += add[j];
      }
      kernels::LstmStepGradient step;
      step.count = walk.images;
      step.width = k;
      step.w_turned = side_turned.data<float>();
      step.gates = walk.at(s.gates.data<float>(), r, t, 4 * k);
      step.c = walk.at(s.c.data<float>(), r, t, k);
      if (t > 0) step.c_before = walk.at(s.c.data<float>(), r, t - 1, k);
      step.dh = {here.data, here.stride};
      step.dc = {dc.data<float>(), k};
      step.d_pre = walk.at(to_pre, r, t, 4 * k);
      step.dh_before = {from_side.data<float>(), k};
      kernels::lstm_step_gradient(step);
    }
  }
  return d_pre;
}

}  // namespace

// dW_side = sum over pixels of h[neighbour]^T d_pre, dW_up likewise with h of the pixel above: those of convolutions.
Variable diagonal_lstm(const Variable& pre, const Variable& w_side, const Variable& w_up, Crossing crossing) {
  const Tensor P = pre.value(), S = w_side.value(), U = w_up.value();
  require(P.rank() == 4 && P.dim(3) % 4 == 0 && S.shape() == Shape({P.dim(3) / 4, P.dim(3)}) && U.shape() == S.shape(),
          "a diagonal LSTM of {} with weights {} and {}", to_string(P.shape()), to_string(S.shape()),
          to_string(U.shape()));
  const Walk walk = {P.dim(0), P.dim(1), P.dim(2), P.dim(3) / 4, crossing == Crossing::kRightToLeft};
  const double flops = 16.0 * static_cast<double>(walk.images * walk.pixels() * walk.k * walk.k);
  States s;
  {
    const kernels::profile::Scope scope("diagonal lstm", "own", flops, 0);
    s = forward(walk, P, S, U);
  }
  return record_joint(s.h, {pre, w_side, w_up}, [walk, s, S, U, flops](const Tensor& dy, std::vector<Destination>& to) {
    const kernels::profile::Scope scope("diagonal lstm gradient", "own", 2 * flops, 0);
    const Tensor d_pre = backward(walk, s, S, U, dy);
    const float *h = s.h.data<float>(), *g = d_pre.data<float>();
    to[0].put(d_pre);
    if (to[1].needed) {
      kernels::conv_weight_gradient(walk.whole(walk.side()), h, g, walk.images, {}, to[1].accumulate,
                                    to[1].tensor.data<float>());
    }
    if (to[2].needed) {
      kernels::conv_weight_gradient(walk.whole({{-1, 0, 0}}), h, g, walk.images, {}, to[2].accumulate,
                                    to[2].tensor.data<float>());
    }
  });
}

}  // namespace mlrun::ops

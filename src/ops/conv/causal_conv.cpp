#include "ops/conv/causal_conv.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/transpose.hpp"

namespace mlrun::ops {
namespace {

using kernels::Transpose;

constexpr int64_t kBlock = 64;  // rows of a block

// Block row i of the Toeplitz matrix is rows(i) x columns(i). All of them are windows of one strip [kBlock, width],
// strip[q, c] = k[width - kBlock + q - c], beginning at column first(i).
struct Blocks {
  explicit Blocks(int64_t positions)
      : length(positions), count((positions + kBlock - 1) / kBlock), width(count * kBlock) {}
  int64_t length, count, width;
  int64_t rows(int64_t i) const { return std::min(kBlock, length - i * kBlock); }
  int64_t columns(int64_t i) const { return i * kBlock + rows(i); }
  int64_t first(int64_t i) const { return (count - 1 - i) * kBlock; }
};

// Row q of the strip is a window, kBlock - 1 - q further on, of the kernel turned round and padded with zeros:
// turned[width - 1 - lag] = k[lag].
void fill_strip(const Blocks& blocks, const float* k, float* turned, float* strip) {
  std::reverse_copy(k, k + blocks.length, turned + blocks.width - blocks.length);
  for (int64_t q = 0; q < kBlock; ++q) std::copy_n(turned + kBlock - 1 - q, blocks.width, strip + q * blocks.width);
}

void fold_strip(const Blocks& blocks, const float* strip, float* turned, float* k) {
  std::fill_n(turned, blocks.width + kBlock, 0.0f);
  for (int64_t q = 0; q < kBlock; ++q) {
    const float* from = strip + q * blocks.width;
    float* to = turned + kBlock - 1 - q;
    for (int64_t c = 0; c < blocks.width; ++c) to[c] += from[c];
  }
  std::reverse_copy(turned + blocks.width - blocks.length, turned + blocks.width, k);
}

// u [channels, length, n] -> y, likewise.
Tensor convolve(const Tensor& u, const Tensor& k) {
  const int64_t channels = u.dim(0), length = u.dim(1), n = u.dim(2);
  const Blocks blocks(length);
  Tensor y(u.shape()), strip({kBlock, blocks.width});
  std::vector<float> turned(static_cast<size_t>(blocks.width + kBlock), 0.0f);
  for (int64_t h = 0; h < channels; ++h) {
    fill_strip(blocks, k.data<float>() + h * length, turned.data(), strip.data<float>());
    const float* from = u.data<float>() + h * length * n;
    float* to = y.data<float>() + h * length * n;
    for (int64_t i = 0; i < blocks.count; ++i) {
      kernels::matmul({strip.data<float>() + blocks.first(i), blocks.width}, {from, n}, {to + i * kBlock * n, n},
                      {blocks.rows(i), n, blocks.columns(i)});
    }
  }
  return y;
}

// dk[h, lag] = sum over b and t of dy[t] u[t - lag], by way of the strip.
Tensor correlate(const Tensor& u, const Tensor& dy) {
  const int64_t channels = u.dim(0), length = u.dim(1), n = u.dim(2);
  const Blocks blocks(length);
  Tensor dk({channels, length}), strip({kBlock, blocks.width});
  std::vector<float> turned(static_cast<size_t>(blocks.width + kBlock));
  for (int64_t h = 0; h < channels; ++h) {
    strip.fill(0);
    const float *from = u.data<float>() + h * length * n, *g = dy.data<float>() + h * length * n;
    for (int64_t i = 0; i < blocks.count; ++i) {
      kernels::matmul({g + i * kBlock * n, n}, {from, n, Transpose::kYes},
                      {strip.data<float>() + blocks.first(i), blocks.width}, {blocks.rows(i), blocks.columns(i), n},
                      {.beta = 1.0f});
    }
    fold_strip(blocks, strip.data<float>(), turned.data(), dk.data<float>() + h * length);
  }
  return dk;
}

void reverse_time(Tensor& x) {  // [channels, length, n]
  const int64_t length = x.dim(1), n = x.dim(2);
  for (int64_t h = 0; h < x.dim(0); ++h) {
    float* p = x.data<float>() + h * length * n;
    for (int64_t t = 0; t < length / 2; ++t) std::swap_ranges(p + t * n, p + (t + 1) * n, p + (length - 1 - t) * n);
  }
}

}  // namespace

// du[s] = sum over t >= s of k[t - s] dy[t]: the same convolution, backwards in time.
Variable causal_conv(const Variable& u, const Variable& k) {
  require(u.value().rank() == 3 && k.shape() == Shape({u.dim(2), u.dim(1)}), "a causal convolution of {} with {}",
          to_string(u.shape()), to_string(k.shape()));
  const Tensor turned = kernels::permute(u.value(), {2, 1, 0}), kernel = k.value();
  const double flops = static_cast<double>(turned.count()) * static_cast<double>(u.dim(1) + kBlock);
  Tensor y;
  {
    const kernels::profile::Scope scope("causal convolution", "own", flops, 0);
    y = kernels::permute(convolve(turned, kernel), {2, 1, 0});
  }
  return record_joint(y, {u, k}, [turned, kernel, flops](const Tensor& dy, std::vector<Destination>& to) {
    const kernels::profile::Scope scope("causal convolution gradient", "own", 2 * flops, 0);
    Tensor g = kernels::permute(dy, {2, 1, 0});
    if (to[1].needed) to[1].put(correlate(turned, g));
    if (!to[0].needed) return;
    reverse_time(g);
    Tensor du = convolve(g, kernel);
    reverse_time(du);
    to[0].put(kernels::permute(du, {2, 1, 0}));
  });
}

}  // namespace mlrun::ops

// The gradient of a convolution's weights: for each row of the kernel, (the stretch of the canvas under it)^T times dy,
// added up over all pixels in registers, a tile of numbers of the stretch by two vectors of output channels at a time.
#include <algorithm>

#include "kernels/conv/conv.hpp"
#include "kernels/conv/conv_tiles.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/conv_weights.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int kSums = HWY_TARGET <= HWY_AVX3 ? 16 : 8;

struct Walk {  // over the pixels of one image
  int64_t rows, columns;
  int64_t x_row, x_column;    // steps in the canvas
  int64_t dy_row, dy_column;  // steps in dy
};

// dw[j, channels] += sum over pixels of x[j] dy[channels], j = 0 .. length - 1.
template <int length, int vectors>
HWY_INLINE void tile(const float* HWY_RESTRICT x, const float* HWY_RESTRICT dy, const Walk& walk, int64_t valid,
                     float* HWY_RESTRICT dw, int64_t stride) {
  const Floats d;
  const int64_t n = simd::lanes(), tail = valid - (vectors - 1) * n;  // numbers of the last vector
  V sums[length][vectors];
#pragma GCC unroll 16
  for (int j = 0; j < length; ++j) {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) {
      const float* from = dw + j * stride + v * n;
      sums[j][v] = v == vectors - 1 && tail < n ? simd::load_some(from, tail) : hn::LoadU(d, from);
    }
  }
  for (int64_t r = 0; r < walk.rows; ++r) {
    const float* HWY_RESTRICT xp = x + r * walk.x_row;
    const float* HWY_RESTRICT dp = dy + r * walk.dy_row;
    for (int64_t c = 0; c < walk.columns; ++c, xp += walk.x_column, dp += walk.dy_column) {
      V g[vectors];
#pragma GCC unroll 16
      for (int v = 0; v < vectors; ++v) {
        g[v] = v == vectors - 1 && tail < n ? simd::load_some(dp + v * n, tail) : hn::LoadU(d, dp + v * n);
      }
#pragma GCC unroll 16
      for (int j = 0; j < length; ++j) {
        const V input = hn::Set(d, xp[j]);
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) sums[j][v] = hn::MulAdd(input, g[v], sums[j][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < length; ++j) {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) {
      float* to = dw + j * stride + v * n;
      if (v == vectors - 1 && tail < n) simd::store_some(sums[j][v], to, tail);
      else hn::StoreU(sums[j][v], d, to);
    }
  }
}

// As many tiles of `size` numbers as fit; moves x and dw on behind them.
template <int size, int vectors>
HWY_INLINE void tiles_of(const float*& x, int64_t& length, const float* dy, const Walk& walk, int64_t valid, float*& dw,
                         int64_t stride) {
  for (; length >= size; length -= size) {
    tile<size, vectors>(x, dy, walk, valid, dw, stride);
    x += size;
    dw += size * stride;
  }
}

template <int vectors>
HWY_INLINE void tiles(const float* x, int64_t length, const float* dy, const Walk& walk, int64_t valid, float* dw,
                      int64_t stride) {
  constexpr int kMost = kSums / vectors;
  tiles_of<kMost, vectors>(x, length, dy, walk, valid, dw, stride);
  if constexpr (kMost > 4) tiles_of<4, vectors>(x, length, dy, walk, valid, dw, stride);
  tiles_of<2, vectors>(x, length, dy, walk, valid, dw, stride);
  tiles_of<1, vectors>(x, length, dy, walk, valid, dw, stride);
}

void conv_weight_gradient(const ConvShape& s, const float* x, const float* dy, int64_t images, const ConvInput& input,
                          bool accumulate, float* dw) {
  const int64_t in_height = s.stride * s.height, in_width = s.stride * s.width, in_pixels = in_height * in_width;
  const Canvas canvas(s.outline, in_height, in_width, s.in, s.stride);
  const std::vector<ConvRun> runs = runs_of(s.outline, canvas);
  const int64_t n = simd::lanes(), pixels = s.height * s.width;
  const bool inside = canvas.count() == in_pixels * s.in, flat = inside && s.stride == 1;
  if (!accumulate) std::fill(dw, dw + taps_of(s.outline) * s.in * s.out, 0.0f);
  float* scratch = inside && !input.relu ? nullptr : scratch_canvas(canvas.count());
  Walk walk = {.rows = s.height,
               .columns = s.width,
               .x_row = s.stride * canvas.columns * s.in,
               .x_column = s.stride * s.in,
               .dy_row = s.width * s.out,
               .dy_column = s.out};
  if (flat) walk.columns *= walk.rows, walk.rows = 1;
  for (int64_t i = 0; i < images; ++i) {
    const float* image = x + i * in_pixels * s.in;
    if (scratch) paint_canvas(image, in_height, in_width, canvas, input.relu, scratch);
    const float* from = (scratch ? scratch : image) + canvas.at(0, 0);
    for (int64_t channel = 0; channel < s.out;) {
      const int64_t vectors = s.out - channel > n ? 2 : 1;
      const float* g = dy + i * pixels * s.out + channel;
      float* to = dw + channel;
      for (const ConvRun& run : runs) {
        const int64_t valid = std::min(vectors * n, s.out - channel);
        if (vectors == 2) tiles<2>(from + run.offset, run.length, g, walk, valid, to, s.out);
        else tiles<1>(from + run.offset, run.length, g, walk, valid, to, s.out);
        to += run.length * s.out;
      }
      channel += vectors * n;
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(conv_weight_gradient);

void conv_weight_gradient(const ConvShape& s, const float* x, const float* dy, int64_t images, const ConvInput& input,
                          bool accumulate, float* dw) {
  const profile::Scope scope("convolution weight gradient", "own", s.flops(images),
                             4.0 * static_cast<double>(images * s.height * s.width * (s.in + s.out)));
  HWY_DYNAMIC_DISPATCH(conv_weight_gradient)(s, x, dy, images, input, accumulate, dw);
}

}  // namespace mlrun::kernels
#endif

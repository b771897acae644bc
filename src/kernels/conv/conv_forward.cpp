// The convolution as a product of overlapping rows: for each row of the kernel, the stretch of the canvas under it
// times a [taps * in, out] matrix. Tiles of pixels by two vectors of output channels are kept in registers.
#include <algorithm>

#include "kernels/conv/conv.hpp"
#include "kernels/conv/conv_tiles.hpp"
#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/conv_forward.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// Accumulators that a tile holds: what is left of 32 or 16 registers beside the weights and one broadcast number.
constexpr int kAccumulators = HWY_TARGET <= HWY_AVX3 ? 28 : 12;

struct Piece {  // of an output row: `vectors` vectors from channel `channel` on, of which `valid` numbers exist
  int64_t valid;
  const float* w;  // in its panel
  const float* bias;
  const float* add;        // like y, or null
  const float* relu_mask;  // like y, or null
  float* y;
  int64_t stride;  // of y, add and relu_mask, from pixel to pixel
};

// `pixels` outputs whose inputs are `step` numbers apart.
template <int pixels, int vectors>
HWY_INLINE void tile(const float* HWY_RESTRICT x, int64_t step, const ConvRun* runs, size_t count, const Piece& piece) {
  const Floats d;
  const int64_t n = simd::lanes();
  V sums[pixels][vectors];
#pragma GCC unroll 28
  for (int p = 0; p < pixels; ++p) {
#pragma GCC unroll 28
    for (int v = 0; v < vectors; ++v) sums[p][v] = hn::LoadU(d, piece.bias + v * n);
  }
  const float* HWY_RESTRICT w = piece.w;
  for (size_t r = 0; r < count; ++r) {
    const float* HWY_RESTRICT at = x + runs[r].offset;
    for (int64_t j = 0; j < runs[r].length; ++j, ++at, w += kConvPanel) {
      V weights[vectors];
#pragma GCC unroll 28
      for (int v = 0; v < vectors; ++v) weights[v] = hn::LoadU(d, w + v * n);
#pragma GCC unroll 28
      for (int p = 0; p < pixels; ++p) {
        const V input = hn::Set(d, at[p * step]);
#pragma GCC unroll 28
        for (int v = 0; v < vectors; ++v) sums[p][v] = hn::MulAdd(input, weights[v], sums[p][v]);
      }
    }
  }
#pragma GCC unroll 28
  for (int p = 0; p < pixels; ++p) {
#pragma GCC unroll 28
    for (int v = 0; v < vectors; ++v) {
      const int64_t valid = std::min(n, piece.valid - v * n), place = p * piece.stride + v * n;
      if (valid <= 0) continue;
      V sum = sums[p][v];
      const auto get = [&](const float* from) HWY_ATTR {
        return valid == n ? hn::LoadU(d, from + place) : simd::load_some(from + place, valid);
      };
      if (piece.relu_mask) sum = hn::IfThenElseZero(hn::Gt(get(piece.relu_mask), hn::Zero(d)), sum);
      if (piece.add) sum = hn::Add(sum, get(piece.add));
      if (valid == n) hn::StoreU(sum, d, piece.y + place);
      else simd::store_some(sum, piece.y + place, valid);
    }
  }
}

// As many tiles of `size` pixels as fit; moves everything on behind them.
template <int size, int vectors>
HWY_INLINE void tiles_of(const float*& x, int64_t step, int64_t& pixels, const ConvRun* runs, size_t count,
                         Piece& piece) {
  for (; pixels >= size; pixels -= size) {
    tile<size, vectors>(x, step, runs, count, piece);
    x += size * step;
    piece.y += size * piece.stride;
    if (piece.add) piece.add += size * piece.stride;
    if (piece.relu_mask) piece.relu_mask += size * piece.stride;
  }
}

// What is left, at most `most` pixels, as one tile: the few rows of a stretch (nn/linear.hpp) read the weights once.
template <int most, int vectors>
HWY_INLINE void last_tile(const float* x, int64_t step, int64_t pixels, const ConvRun* runs, size_t count,
                          const Piece& piece) {
  if constexpr (most > 0) {
    if (pixels == most) tile<most, vectors>(x, step, runs, count, piece);
    else last_tile<most - 1, vectors>(x, step, pixels, runs, count, piece);
  }
}

// Any number of pixels, in the largest tiles that fit.
template <int vectors>
HWY_INLINE void tiles(const float* x, int64_t step, int64_t pixels, const ConvRun* runs, size_t count, Piece piece) {
  constexpr int kMost = kAccumulators / vectors;
  tiles_of<kMost, vectors>(x, step, pixels, runs, count, piece);
  if constexpr (kMost > 14) tiles_of<14, vectors>(x, step, pixels, runs, count, piece);
  last_tile<std::min(kMost, 14) - 1, vectors>(x, step, pixels, runs, count, piece);
}

// All output channels of `pixels` outputs.
HWY_INLINE void pixels_of(const PackedKernel& kernel, const float* x, int64_t step, int64_t pixels,
                          const std::vector<ConvRun>& runs, const float* add, const float* relu_mask, float* y,
                          int64_t y_step) {
  const int64_t n = simd::lanes(), out = kernel.shape().out;
  for (int64_t channel = 0; channel < out;) {
    const int64_t vectors = out - channel > n ? 2 : 1;
    const Piece piece = {.valid = out - channel,
                         .w = kernel.panel(channel / kConvPanel) + channel % kConvPanel,
                         .bias = kernel.bias() + channel,
                         .add = add ? add + channel : nullptr,
                         .relu_mask = relu_mask ? relu_mask + channel : nullptr,
                         .y = y + channel,
                         .stride = y_step};
    if (vectors == 2) tiles<2>(x, step, pixels, runs.data(), runs.size(), piece);
    else tiles<1>(x, step, pixels, runs.data(), runs.size(), piece);
    channel += vectors * n;
  }
}

// One image (or its relu) with zeros around it.
void paint(const float* x, int64_t height, int64_t width, const Canvas& canvas, bool relu, float* to) {
  const int64_t line = canvas.columns * canvas.channels, left = canvas.left * canvas.channels;
  const int64_t inside = width * canvas.channels, right = canvas.right * canvas.channels;
  std::fill(to, to + canvas.top * line, 0.0f);
  for (int64_t r = 0; r < height; ++r) {
    const float* from = x + r * inside;
    float* row = to + (r + canvas.top) * line;
    std::fill(row, row + left, 0.0f);
    row += left;
    if (relu) {  // a NaN stays one: the second operand wins on x86
      simd::map(from, row, inside, [](V v) HWY_ATTR { return hn::Max(hn::Zero(Floats()), v); });
    } else {
      std::copy_n(from, inside, row);
    }
    std::fill(row + inside, row + inside + right, 0.0f);
  }
  std::fill(to + (canvas.rows - canvas.bottom) * line, to + canvas.count(), 0.0f);
}

void conv(const PackedKernel& kernel, const float* x, int64_t images, const ConvInput& input, const ConvOutput& output,
          float* y) {
  const ConvShape& s = kernel.shape();
  const int64_t in_height = s.stride * s.height, in_width = s.stride * s.width, in_pixels = in_height * in_width;
  const Canvas canvas(s.outline, in_height, in_width, s.in, s.stride);
  const std::vector<ConvRun> runs = runs_of(s.outline, canvas);
  const int64_t pixels = s.height * s.width;
  // A kernel that looks at nothing outside needs no canvas; one of one tap in place takes all pixels as one row.
  const bool inside = canvas.count() == in_pixels * s.in, flat = inside && s.stride == 1;
  float* scratch = inside && !input.relu ? nullptr : scratch_canvas(canvas.count());
  for (int64_t i = 0; i < images; ++i) {
    const float* image = x + i * in_pixels * s.in;
    if (scratch) paint(image, in_height, in_width, canvas, input.relu, scratch);
    const float* from = scratch ? scratch : image;
    const int64_t rows = flat ? 1 : s.height, columns = flat ? pixels : s.width;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t place = (i * pixels + r * columns) * s.out;
      pixels_of(kernel, from + canvas.at(s.stride * r, 0), s.stride * s.in, columns, runs,
                output.add ? output.add + place : nullptr, output.relu_mask ? output.relu_mask + place : nullptr,
                y + place, s.out);
    }
  }
}

void conv_turned(const TurnedKernel& turned, const float* y, int64_t images, const ConvOutput& output, float* x) {
  const ConvShape& s = turned.shape();
  const int64_t pixels = s.height * s.width, x_line = s.stride * s.width * s.in;
  // Nothing outside, all as one row.
  const bool flat = s.stride == 1 && s.outline == Outline{{0, 0, 0}};
  for (const TurnedKernel::Phase& phase : turned.phases()) {
    const Canvas canvas(phase.kernel.shape().outline, s.height, s.width, s.out);
    const std::vector<ConvRun> runs = runs_of(phase.kernel.shape().outline, canvas);
    float* scratch = flat ? nullptr : scratch_canvas(canvas.count());
    for (int64_t i = 0; i < images; ++i) {
      const float* image = y + i * pixels * s.out;
      if (scratch) paint(image, s.height, s.width, canvas, false, scratch);
      const int64_t rows = flat ? 1 : s.height, columns = flat ? pixels : s.width;
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t place = (i * s.stride * s.height + s.stride * r + phase.row) * x_line + phase.column * s.in;
        pixels_of(phase.kernel, (scratch ? scratch : image) + canvas.at(r, 0), s.out, columns, runs,
                  output.add ? output.add + place : nullptr, output.relu_mask ? output.relu_mask + place : nullptr,
                  x + place, s.stride * s.in);
      }
    }
  }
}

void conv_pixels(const PackedKernel& kernel, const std::vector<ConvRun>& runs, const float* pixel, int64_t step,
                 int64_t count, const float* add, float* y) {
  pixels_of(kernel, pixel, step, count, runs, add, nullptr, y, kernel.shape().out);
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(conv);
HWY_EXPORT(paint);
HWY_EXPORT(conv_turned);
HWY_EXPORT(conv_pixels);

void conv(const PackedKernel& kernel, const float* x, int64_t images, const ConvInput& input, const ConvOutput& output,
          float* y) {
  const ConvShape& s = kernel.shape();
  const profile::Scope scope("convolution", "own", s.flops(images),
                             4.0 * static_cast<double>(images * s.height * s.width * (s.in + s.out)));
  HWY_DYNAMIC_DISPATCH(conv)(kernel, x, images, input, output, y);
}

void conv_turned(const TurnedKernel& kernel, const float* y, int64_t images, const ConvOutput& output, float* x) {
  const ConvShape& s = kernel.shape();
  const profile::Scope scope(
      "convolution turned", "own", s.flops(images),
      4.0 * static_cast<double>(images * s.height * s.width * (s.in * s.stride * s.stride + s.out)));
  HWY_DYNAMIC_DISPATCH(conv_turned)(kernel, y, images, output, x);
}

void paint_canvas(const float* x, int64_t height, int64_t width, const Canvas& canvas, bool relu, float* to) {
  HWY_DYNAMIC_DISPATCH(paint)(x, height, width, canvas, relu, to);
}

PixelConv::PixelConv(const PackedKernel& kernel, const Canvas& canvas, int64_t images)
    : kernel_(&kernel), step_(canvas.channels), runs_(runs_of(kernel.shape().outline, canvas, images)) {}

void PixelConv::operator()(const float* pixel, int64_t count, const float* add, float* y) const {
  HWY_DYNAMIC_DISPATCH(conv_pixels)(*kernel_, runs_, pixel, step_, count, add, y);
}

}  // namespace mlrun::kernels
#endif

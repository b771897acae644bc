#include "kernels/conv/conv_symbols.hpp"

#include <algorithm>

#include "kernels/profile.hpp"

namespace mlrun::kernels {
namespace {

// Calls visit(pixel, tap, symbol) for every pixel of an image and every tap that falls inside it, taps in their order.
template <class Visit>
void each_tap(const ConvShape& s, const int32_t* symbols, Visit visit) {
  for (int64_t r = 0; r < s.height; ++r) {
    for (int64_t c = 0; c < s.width; ++c) {
      int64_t tap = 0;
      for (const KernelRow& row : s.outline) {
        const int64_t below = r + row.row;
        const bool inside = below >= 0 && below < s.height;
        const int64_t from = std::max(row.first, -c), to = std::min(row.last, s.width - 1 - c);
        for (int64_t i = from; inside && i <= to; ++i)
          visit(r * s.width + c, tap + i - row.first, symbols[below * s.width + c + i]);
        tap += row.last - row.first + 1;
      }
    }
  }
}

// Without the zeros of one-hot numbers: one addition for each tap and output.
double additions(const ConvShape& s, int64_t images) { return s.flops(images) / static_cast<double>(2 * s.in); }

double bytes(const ConvShape& s, int64_t images) {
  return 4.0 * static_cast<double>(images * s.height * s.width * (s.out + 1));
}

void add_row(const float* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += from[i];
}

}  // namespace

void conv_symbols(const ConvShape& s, const float* w, const float* bias, const int32_t* symbols, int64_t images,
                  const float* add, float* y) {
  const profile::Scope scope("convolution of symbols", "own", additions(s, images), bytes(s, images));
  const int64_t pixels = s.height * s.width;
  for (int64_t i = 0; i < images; ++i, symbols += pixels, y += pixels * s.out) {
    for (int64_t p = 0; p < pixels; ++p) {
      if (bias) std::copy_n(bias, s.out, y + p * s.out);
      else std::fill_n(y + p * s.out, s.out, 0.0f);
    }
    each_tap(s, symbols, [&](int64_t pixel, int64_t tap, int64_t symbol) {
      add_row(w + (tap * s.in + symbol) * s.out, s.out, y + pixel * s.out);
    });
    if (add) add_row(add + i * pixels * s.out, pixels * s.out, y);
  }
}

void conv_symbols_gradient(const ConvShape& s, const int32_t* symbols, const float* dy, int64_t images, float* dw) {
  const profile::Scope scope("convolution of symbols gradient", "own", additions(s, images), bytes(s, images));
  const int64_t pixels = s.height * s.width;
  for (int64_t i = 0; i < images; ++i, symbols += pixels, dy += pixels * s.out) {
    each_tap(s, symbols, [&](int64_t pixel, int64_t tap, int64_t symbol) {
      add_row(dy + pixel * s.out, s.out, dw + (tap * s.in + symbol) * s.out);
    });
  }
}

}  // namespace mlrun::kernels

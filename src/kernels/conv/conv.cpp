#include "kernels/conv/conv.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/conv/conv_tiles.hpp"
#include "kernels/vector/transpose_matrix.hpp"

namespace mlrun::kernels {

int64_t taps_of(const Outline& outline) {
  int64_t taps = 0;
  for (const KernelRow& r : outline) taps += r.last - r.first + 1;
  return taps;
}

double ConvShape::flops(int64_t images) const {
  return 2.0 * static_cast<double>(images * height * width * in * out * taps_of(outline));
}

Canvas::Canvas(const Outline& outline, int64_t height, int64_t width, int64_t depth, int64_t stride)
    : top(0), bottom(0), left(0), right(0), rows(height), columns(width), channels(depth) {
  for (const KernelRow& r : outline) {
    top = std::max(top, -r.row);
    bottom = std::max(bottom, r.row - (stride - 1));
    left = std::max(left, -r.first);
    right = std::max(right, r.last - (stride - 1));
  }
  rows += top + bottom;
  columns += left + right;
}

PackedKernel::PackedKernel(const ConvShape& shape, const float* w, const float* bias) : shape_(shape) {
  const int64_t length = taps_of(shape.outline) * shape.in, out = shape.out;
  const int64_t panels = (out + kConvPanel - 1) / kConvPanel;
  panel_size_ = length * kConvPanel;
  panels_ = Tensor({panels * panel_size_});
  bias_ = Tensor({panels * kConvPanel});
  for (int64_t p = 0; p < panels; ++p) {
    const int64_t begin = p * kConvPanel, count = std::min(kConvPanel, out - begin);
    float* to = panels_.data<float>() + p * panel_size_;
    for (int64_t j = 0; j < length; ++j, to += kConvPanel) {
      std::copy_n(w + j * out + begin, count, to);
      std::fill(to + count, to + kConvPanel, 0.0f);
    }
    float* b = bias_.data<float>() + begin;
    if (bias) std::copy_n(bias + begin, count, b);
    else std::fill(b, b + count, 0.0f);
    std::fill(b + count, b + kConvPanel, 0.0f);
  }
}

// x[s a + p, i] = sum over taps t with t = p (mod s) and outputs o of y[a + (p - t) / s, o] w[t, i, o]
TurnedKernel::TurnedKernel(const ConvShape& shape, const float* w, const float* bias) : shape_(shape) {
  const int64_t in = shape.in, out = shape.out, s = shape.stride;
  const auto on_phase = [s](int64_t tap, int64_t phase) { return (tap - phase) % s == 0; };
  for (int64_t p = 0; p < s; ++p) {
    for (int64_t q = 0; q < s; ++q) {
      Outline outline;
      std::vector<float> turned;
      // From the last tap to the first, so that the turned outline too goes from the top left.
      int64_t behind = taps_of(shape.outline);
      for (auto r = shape.outline.rbegin(); r != shape.outline.rend(); ++r) {
        behind -= r->last - r->first + 1;
        if (!on_phase(r->row, p)) continue;
        std::vector<int64_t> columns;
        for (int64_t c = r->last; c >= r->first; --c) {
          if (!on_phase(c, q)) continue;
          columns.push_back((q - c) / s);
          turned.resize(turned.size() + static_cast<size_t>(in * out));
          transpose_matrix(w + (behind + c - r->first) * in * out, out, in, out,
                           turned.data() + static_cast<int64_t>(turned.size()) - in * out, in);
        }
        if (!columns.empty()) outline.push_back({(p - r->row) / s, columns.front(), columns.back()});
      }
      phases_.push_back(
          {p, q, PackedKernel({shape.height, shape.width, out, in, std::move(outline)}, turned.data(), bias)});
    }
  }
}

std::vector<ConvRun> runs_of(const Outline& outline, const Canvas& canvas, int64_t images) {
  std::vector<ConvRun> runs;
  for (const KernelRow& r : outline) {
    // Interleaved images lie between neighbouring pixels: there every tap is a run of its own.
    const int64_t taps = r.last - r.first + 1, pieces = images == 1 ? 1 : taps;
    for (int64_t k = 0; k < pieces; ++k) {
      runs.push_back(
          {(r.row * canvas.columns + r.first + k) * canvas.channels * images, taps / pieces * canvas.channels});
    }
  }
  return runs;
}

float* scratch_canvas(int64_t count) {
  thread_local Tensor canvas;
  if (!canvas.defined() || canvas.count() < count) canvas = Tensor({count});
  return canvas.data<float>();
}

}  // namespace mlrun::kernels

#include "base/error.hpp"
#include "kernels/nade/nade.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/nade/nade_forward.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/nade/nade_border.hpp"
#include "kernels/nade/nade_simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
using namespace nade;

// The logits of one image for one group in which symbols are 1; advances a and h.
HWY_INLINE void advance(uint32_t ones, float* a, float* h, const float* v, const float* w, int64_t hidden_padded,
                        float* sums) {
  const Floats d;
  Vector even[kGroup], odd[kGroup];
  for (int64_t r = 0; r < kGroup; ++r) even[r] = odd[r] = hn::Zero(d);
  for (int64_t j = 0; j < hidden_padded; j += kPair, v += kGroup * kPair, w += kGroup * kPair) {
    Vector a0 = hn::Load(d, a + j), a1 = hn::Load(d, a + j + kLanes);
    Vector h0 = hn::Load(d, h + j), h1 = hn::Load(d, h + j + kLanes);
    for (int64_t r = 0; r < kGroup; ++r) {
      even[r] = hn::MulAdd(h0, hn::Load(d, v + r * kPair), even[r]);
      odd[r] = hn::MulAdd(h1, hn::Load(d, v + r * kPair + kLanes), odd[r]);
      if (ones >> r & 1) {
        a0 = hn::Add(a0, hn::Load(d, w + r * kPair));
        a1 = hn::Add(a1, hn::Load(d, w + r * kPair + kLanes));
        h0 = vmath::sigmoid(d, a0);
        h1 = vmath::sigmoid(d, a1);
      }
    }
    hn::Store(a0, d, a + j);
    hn::Store(a1, d, a + j + kLanes);
    hn::Store(h0, d, h + j);
    hn::Store(h1, d, h + j + kLanes);
  }
  for (int64_t r = 0; r < kGroup; ++r) even[r] = hn::Add(even[r], odd[r]);
  sum_lanes<kGroup>(even, sums);
}

// a [n, padded] -> one block of the tape, [padded / kPair][n][kPair].
void save_border(const float* a, int64_t n, int64_t hidden_padded, float* border) {
  const Floats d;
  for (int64_t j = 0; j < hidden_padded; j += kPair) {
    for (int64_t i = 0; i < n; ++i, border += kPair) {
      hn::Store(hn::Load(d, a + i * hidden_padded + j), d, border);
      hn::Store(hn::Load(d, a + i * hidden_padded + j + kLanes), d, border + kLanes);
    }
  }
}

void forward(const NadeWeights& weights, const uint8_t* ones, int64_t n, float* logits, NadeTape& tape, bool keep) {
  const int64_t pixels = weights.pixels, hidden_padded = padded(weights.hidden), row_bytes = (pixels + 7) / 8;
  const Floats d;
  const int64_t blocks = (pixels + kBorder - 1) / kBorder;
  reserve(tape.workspace, 2 * n * hidden_padded + 2 * kGroup * hidden_padded);
  if (keep) reserve(tape.borders, blocks * n * hidden_padded);
  float* a = tape.workspace.data<float>();
  float* h = a + n * hidden_padded;
  float* v = h + n * hidden_padded;
  float* w = v + kGroup * hidden_padded;
  for (int64_t i = 0; i < n; ++i) {
    float* row = a + i * hidden_padded;
    std::copy_n(weights.c, weights.hidden, row);
    std::fill(row + weights.hidden, row + hidden_padded, 0.0f);
    float* hidden = h + i * hidden_padded;
    if (i > 0) {
      std::copy_n(h, hidden_padded, hidden);
    } else {
      for (int64_t j = 0; j < hidden_padded; j += kLanes) {
        hn::Store(vmath::sigmoid(d, hn::Load(d, row + j)), d, hidden + j);
      }
    }
  }
  for (int64_t step = 0; step < pixels; step += kGroup) {
    if (keep && step % kBorder == 0) {
      save_border(a, n, hidden_padded, tape.borders.data<float>() + step / kBorder * n * hidden_padded);
    }
    const int64_t rows = std::min(kGroup, pixels - step);
    pack_rows(weights, weights.v, step, kGroup, v);
    pack_rows(weights, weights.w, step, kGroup, w);
    for (int64_t i = 0; i < n; ++i) {
      float sums[kGroup];
      const uint32_t group = group_of(ones + i * row_bytes, step);
      if (group == 0) {
        dot_last_rows<kGroup>(h + i * hidden_padded, v, hidden_padded, sums);
      } else {
        advance(group, a + i * hidden_padded, h + i * hidden_padded, v, w, hidden_padded, sums);
      }
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t pixel = pixel_at(weights, step + r);
        logits[i * pixels + pixel] = weights.b[pixel] + sums[r];
      }
    }
  }
}

}  // namespace
void nade_forward_kernel(const NadeWeights& weights, const uint8_t* ones, int64_t n, float* logits, NadeTape& tape,
                         bool keep) {
  forward(weights, ones, n, logits, tape, keep);
}
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(nade_forward_kernel);

void nade_forward(const NadeWeights& weights, const int32_t* x, int64_t n, float* logits, NadeTape* tape) {
  require(weights.pixels >= 1 && weights.hidden >= 1, "NADE with {} pixels and {} hidden units", weights.pixels,
          weights.hidden);
  NadeTape passing;
  NadeTape& t = tape ? *tape : passing;
  t.examples = n;
  t.pixels = weights.pixels;
  t.hidden = weights.hidden;
  const int64_t row_bytes = (weights.pixels + 7) / 8;
  t.ones.assign(static_cast<size_t>(n * row_bytes), 0);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t* symbols = x + i * weights.pixels;
    uint8_t* row = t.ones.data() + i * row_bytes;
    for (int64_t k = 0; k < weights.pixels; ++k) {
      const int32_t symbol = symbols[weights.order ? weights.order[k] : k];
      row[k / 8] = static_cast<uint8_t>(row[k / 8] | (symbol != 0 ? 1 : 0) << (k % 8));
    }
  }
  HWY_DYNAMIC_DISPATCH(nade_forward_kernel)(weights, t.ones.data(), n, logits, t, tape != nullptr);
}

}  // namespace mlrun::kernels
#endif

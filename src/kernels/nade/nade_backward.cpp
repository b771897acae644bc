#include "base/error.hpp"
#include "kernels/nade/nade.hpp"
#include "kernels/nade/nade_plan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/nade/nade_backward.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/nade/nade_border.hpp"
#include "kernels/nade/nade_simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
using namespace nade;

// One pair of vectors of hidden units in one block of steps. `rows` packed rows each of v, w, dv, dw; per image da and
// dh, the gradients of the pre-activations and of the hidden units in force; h holds every version.
struct Slice {
  const float *v, *w;
  float *dv, *dw, *da, *dh, *h;
};

// Hidden units of every version, from the pre-activations at the block's border.
void replay(const NadePlan& plan, int64_t n, const float* border, const Slice& s) {
  const Floats d;
  float* to = s.h;
  for (int64_t i = 0; i < n; ++i) {
    Vector a0 = hn::Load(d, border + i * kPair), a1 = hn::Load(d, border + i * kPair + kLanes);
    const uint8_t* ones = plan.ones(i);
    const int64_t count = plan.ones_count(i);
    for (int64_t k = 0;; ++k) {
      hn::Store(a0, d, to);
      hn::Store(a1, d, to + kLanes);
      to += kPair;
      if (k == count) break;
      a0 = hn::Add(a0, hn::Load(d, s.w + ones[k] * kPair));
      a1 = hn::Add(a1, hn::Load(d, s.w + ones[k] * kPair + kLanes));
    }
  }
  for (float* p = s.h; p < to; p += kPair) {
    hn::Store(vmath::sigmoid(d, hn::Load(d, p)), d, p);
    hn::Store(vmath::sigmoid(d, hn::Load(d, p + kLanes)), d, p + kLanes);
  }
}

// da + dh h (1 - h)
HWY_INLINE Vector fold(Vector da, Vector dh, Vector h) { return hn::MulAdd(dh, hn::NegMulAdd(h, h, h), da); }

// One tile, steps in descending order: dv[r] = sum over images of dlogit_r h; dh += dlogit_r v[r]; and where a symbol
// is 1, dh goes into da, da into dw[r], and the version before comes into force.
void walk_tile(const NadePlan& plan, int64_t tile, const Slice& s) {
  const Floats d;
  Vector v0[kTile], v1[kTile], dv0[kTile], dv1[kTile];
  for (int64_t r = 0; r < kTile; ++r) {
    v0[r] = hn::Load(d, s.v + (tile * kTile + r) * kPair);
    v1[r] = hn::Load(d, s.v + (tile * kTile + r) * kPair + kLanes);
    dv0[r] = dv1[r] = hn::Zero(d);
  }
  for (int64_t pattern = 0; pattern < kPatterns; ++pattern) {
    const NadePlan::Visit* const end = plan.end(tile, pattern);
    for (const NadePlan::Visit* visit = plan.begin(tile, pattern); visit != end; ++visit) {
      const float* h = s.h + visit->version * kPair;
      float* dh = s.dh + visit->image * kPair;
      float* da = s.da + visit->image * kPair;
      Vector h0 = hn::Load(d, h), h1 = hn::Load(d, h + kLanes);
      Vector dh0 = hn::Load(d, dh), dh1 = hn::Load(d, dh + kLanes);
      for (int64_t r = kTile - 1; r >= 0; --r) {
        if (pattern >> r & 1) {
          const Vector da0 = fold(hn::Load(d, da), dh0, h0), da1 = fold(hn::Load(d, da + kLanes), dh1, h1);
          hn::Store(da0, d, da);
          hn::Store(da1, d, da + kLanes);
          float* dw = s.dw + (tile * kTile + r) * kPair;
          hn::Store(hn::Add(hn::Load(d, dw), da0), d, dw);
          hn::Store(hn::Add(hn::Load(d, dw + kLanes), da1), d, dw + kLanes);
          h -= kPair;
          h0 = hn::Load(d, h);
          h1 = hn::Load(d, h + kLanes);
          dh0 = dh1 = hn::Zero(d);
        }
        const Vector dlogit = hn::Set(d, visit->dlogits[r]);
        dv0[r] = hn::MulAdd(dlogit, h0, dv0[r]);
        dv1[r] = hn::MulAdd(dlogit, h1, dv1[r]);
        dh0 = hn::MulAdd(dlogit, v0[r], dh0);
        dh1 = hn::MulAdd(dlogit, v1[r], dh1);
      }
      hn::Store(dh0, d, dh);
      hn::Store(dh1, d, dh + kLanes);
    }
  }
  for (int64_t r = 0; r < kTile; ++r) {
    hn::Store(dv0[r], d, s.dv + (tile * kTile + r) * kPair);
    hn::Store(dv1[r], d, s.dv + (tile * kTile + r) * kPair + kLanes);
  }
}

// The part of each image's last version that lies in the block goes into da.
void fold_border(const NadePlan& plan, int64_t n, const Slice& s) {
  const Floats d;
  for (int64_t i = 0; i < n; ++i) {
    const float* h = s.h + plan.first_version(i) * kPair;
    for (int64_t k = 0; k < kPair; k += kLanes) {
      float* da = s.da + i * kPair + k;
      hn::Store(fold(hn::Load(d, da), hn::Load(d, s.dh + i * kPair + k), hn::Load(d, h + k)), d, da);
    }
  }
}

// Packed rows -> rows of `matrix` at steps [begin, begin + rows), on top of beta times what they hold.
void unpack_rows(const NadeWeights& weights, const float* packed, int64_t begin, int64_t rows, float* matrix,
                 float beta) {
  const Floats d;
  const int64_t hidden = weights.hidden, whole = hidden / kLanes * kLanes;
  const auto at = [&](int64_t r, int64_t j) { return packed + (j / kPair * rows + r) * kPair + j % kPair; };
  for (int64_t r = 0; r < rows && begin + r < weights.pixels; ++r) {
    float* to = matrix + pixel_at(weights, begin + r) * hidden;
    for (int64_t j = 0; j < whole; j += kLanes) {
      const Vector value = hn::Load(d, at(r, j));
      hn::StoreU(beta == 0.0f ? value : hn::Add(hn::LoadU(d, to + j), value), d, to + j);
    }
    for (int64_t j = whole; j < hidden; ++j) to[j] = *at(r, j) + (beta == 0.0f ? 0.0f : to[j]);
  }
}

void backward(const NadeWeights& weights, NadeTape& tape, const float* dlogits, const NadeGradients& gradients,
              float beta) {
  const int64_t n = tape.examples, pixels = weights.pixels, hidden = weights.hidden, hidden_padded = padded(hidden);
  const int64_t pack = kBorder * hidden_padded;
  reserve(tape.workspace, 4 * pack + n * hidden_padded + n * kPair + n * (kBorder + 1) * kPair);
  float* v = tape.workspace.data<float>();
  float *w = v + pack, *dv = w + pack, *dw = dv + pack, *da = dw + pack;
  float *dh = da + n * hidden_padded, *h = dh + n * kPair;
  std::fill_n(da, n * hidden_padded, 0.0f);

  NadePlan plan;
  for (int64_t block = (pixels + kBorder - 1) / kBorder - 1; block >= 0; --block) {
    const int64_t begin = block * kBorder, end = std::min(pixels, begin + kBorder);
    plan.build(weights, tape, dlogits, begin, end);
    const int64_t rows = plan.tiles() * kTile;
    pack_rows(weights, weights.v, begin, rows, v);
    pack_rows(weights, weights.w, begin, rows, w);
    std::fill_n(dw, rows * hidden_padded, 0.0f);
    const float* border = tape.borders.data<float>() + block * n * hidden_padded;
    for (int64_t j = 0; j < hidden_padded; j += kPair) {
      const Slice slice{v + j * rows, w + j * rows, dv + j * rows, dw + j * rows, da + j * n, dh, h};
      replay(plan, n, border + j * n, slice);
      std::fill_n(dh, n * kPair, 0.0f);
      for (int64_t tile = plan.tiles() - 1; tile >= 0; --tile) walk_tile(plan, tile, slice);
      fold_border(plan, n, slice);
    }
    unpack_rows(weights, dv, begin, rows, gradients.v, beta);
    unpack_rows(weights, dw, begin, rows, gradients.w, beta);
  }
  for (int64_t j = 0; j < hidden; ++j) {
    const float* column = da + j / kPair * n * kPair + j % kPair;
    float sum = 0.0f;
    for (int64_t i = 0; i < n; ++i) sum += column[i * kPair];
    gradients.c[j] = sum + (beta == 0.0f ? 0.0f : gradients.c[j]);
  }
  if (beta == 0.0f) std::fill_n(gradients.b, pixels, 0.0f);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < pixels; ++k) gradients.b[k] += dlogits[i * pixels + k];
  }
}

}  // namespace
void nade_backward_kernel(const NadeWeights& weights, NadeTape& tape, const float* dlogits,
                          const NadeGradients& gradients, float beta) {
  backward(weights, tape, dlogits, gradients, beta);
}
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(nade_backward_kernel);

void nade_backward(const NadeWeights& weights, NadeTape& tape, const float* dlogits, const NadeGradients& gradients,
                   float beta) {
  require(tape.borders.defined() && tape.pixels == weights.pixels && tape.hidden == weights.hidden,
          "the NADE tape is of {} pixels and {} hidden units, the weights of {} and {}", tape.pixels, tape.hidden,
          weights.pixels, weights.hidden);
  HWY_DYNAMIC_DISPATCH(nade_backward_kernel)(weights, tape, dlogits, gradients, beta);
}

}  // namespace mlrun::kernels
#endif

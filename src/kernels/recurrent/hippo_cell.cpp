#include "kernels/recurrent/hippo_cell.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/recurrent/hippo_cell.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/tile_transpose.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr int64_t kBlock = 64;  // coefficients of a group of rows that are turned at once
constexpr int64_t kMostLanes = HWY_MAX_BYTES / sizeof(float);

template <class T>
HWY_INLINE T* row(const Rows<T>& s, int64_t i) {
  return s.data ? s.data + i * s.stride : nullptr;
}

void hippo_gate(const HippoGate& s) {
  const Floats d;
  for (int64_t i = 0; i < s.rows; ++i) {
    float *gates = row(s.gates, i), *h = row(s.h, i), *copy = row(s.h_copy, i);
    const float* before = row(s.h_before, i);
    V sum = hn::Zero(d);
    for (int64_t k = 0; k < s.width; k += simd::lanes()) {
      const int64_t valid = std::min(simd::lanes(), s.width - k);
      const V g = vmath::sigmoid(d, simd::load(gates + k, valid)),
              m = vmath::tanh(d, simd::load(gates + s.width + k, valid)), was = simd::load(before + k, valid),
              now = hn::MulAdd(g, hn::Sub(m, was), was);
      simd::store(g, gates + k, valid);
      simd::store(m, gates + s.width + k, valid);
      simd::store(now, h + k, valid);
      if (copy) simd::store(now, copy + k, valid);
      sum = hn::MulAdd(now, simd::load(s.write + k, valid), sum);  // zeros where `write` ends
    }
    s.f[i] = hn::GetLane(hn::SumOfLanes(d, sum)) + s.write_bias;
  }
}

void hippo_gate_gradient(const HippoGateGradient& s) {
  const Floats d;
  const V one = hn::Set(d, 1.0f);
  for (int64_t i = 0; i < s.rows; ++i) {
    float *gates = row(s.gates, i), *dh_before = row(s.dh_before, i);
    const float *before = row(s.h_before, i), *dh = row(s.dh, i), *dy = row(s.dy, i);
    const V df = hn::Set(d, s.df[i]);
    for (int64_t k = 0; k < s.width; k += simd::lanes()) {
      const int64_t valid = std::min(simd::lanes(), s.width - k);
      const V g = simd::load(gates + k, valid), m = simd::load(gates + s.width + k, valid);
      const V all =
          hn::MulAdd(df, simd::load(s.write + k, valid), hn::Add(simd::load(dh + k, valid), simd::load(dy + k, valid)));
      const V through = hn::Mul(all, g), rest = hn::Sub(all, through);  // g and 1 - g of it
      simd::store(hn::Mul(hn::Mul(through, hn::Sub(one, g)), hn::Sub(m, simd::load(before + k, valid))), gates + k,
                  valid);
      simd::store(hn::Mul(through, hn::NegMulAdd(m, m, one)), gates + s.width + k, valid);
      simd::store(rest, dh_before + k, valid);
    }
  }
}

void legs_step(const LegsStep& s) {
  const Floats d;
  const int64_t lanes = simd::lanes();
  HWY_ALIGN float turned[kBlock * kMostLanes] = {};
  const V ahead = hn::Set(d, s.ahead), behind = hn::Set(d, s.behind);
  for (int64_t i = 0; i < s.rows; i += lanes) {
    const int64_t rows = std::min(lanes, s.rows - i);
    const V f = hn::Mul(hn::Set(d, s.d), simd::load(s.f + i, rows));
    V sum_c = hn::Zero(d), sum_y = hn::Zero(d);
    for (int64_t begin = 0; begin < s.order; begin += kBlock) {
      const int64_t count = std::min(kBlock, s.order - begin);
      if (s.c_before.data) tile::transpose(row(s.c_before, i) + begin, s.c_before.stride, rows, count, turned, lanes);
      else std::fill_n(turned, count * lanes, 0.0f);
      for (int64_t n = 0; n < count; ++n) {
        const auto m = static_cast<float>(begin + n + 1);
        const V q = hn::Set(d, s.roots[begin + n]), c = hn::Load(d, turned + n * lanes);
        // c - behind ((n+1) c + q sum_c) + d q f
        const V loss = hn::MulAdd(hn::Set(d, m), c, hn::Mul(q, sum_c));
        const V right = hn::MulAdd(q, f, hn::NegMulAdd(behind, loss, c));
        const V y = hn::Mul(hn::NegMulAdd(ahead, hn::Mul(q, sum_y), right), hn::Set(d, 1.0f / (1.0f + s.ahead * m)));
        sum_c = hn::MulAdd(q, c, sum_c);
        sum_y = hn::MulAdd(q, y, sum_y);
        hn::Store(y, d, turned + n * lanes);
      }
      tile::transpose(turned, lanes, count, rows, row(s.c, i) + begin, s.c.stride);
    }
  }
}

// z = (I - ahead A^T)^-1 dc from the last coefficient to the first; dc_before = (I + behind A^T) z, df = d q . z.
void legs_step_gradient(const LegsStepGradient& s) {
  const Floats d;
  const int64_t lanes = simd::lanes();
  HWY_ALIGN float turned[kBlock * kMostLanes] = {};
  const V ahead = hn::Set(d, s.ahead), behind = hn::Set(d, s.behind);
  for (int64_t i = 0; i < s.rows; i += lanes) {
    const int64_t rows = std::min(lanes, s.rows - i);
    V sum = hn::Zero(d);
    for (int64_t end = s.order; end > 0;) {
      const int64_t begin = (end - 1) / kBlock * kBlock, count = end - begin;
      tile::transpose(row(s.dc, i) + begin, s.dc.stride, rows, count, turned, lanes);
      for (int64_t n = count - 1; n >= 0; --n) {
        const auto m = static_cast<float>(begin + n + 1);
        const V q = hn::Set(d, s.roots[begin + n]), above = hn::Mul(q, sum);
        const V z = hn::Mul(hn::NegMulAdd(ahead, above, hn::Load(d, turned + n * lanes)),
                            hn::Set(d, 1.0f / (1.0f + s.ahead * m)));
        hn::Store(hn::NegMulAdd(behind, hn::MulAdd(hn::Set(d, m), z, above), z), d, turned + n * lanes);
        sum = hn::MulAdd(q, z, sum);
      }
      tile::transpose(turned, lanes, count, rows, row(s.dc_before, i) + begin, s.dc_before.stride);
      end = begin;
    }
    simd::store(hn::Mul(hn::Set(d, s.d), sum), s.df + i, rows);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(hippo_gate);
HWY_EXPORT(hippo_gate_gradient);
HWY_EXPORT(legs_step);
HWY_EXPORT(legs_step_gradient);

void hippo_gate(const HippoGate& step) { HWY_DYNAMIC_DISPATCH(hippo_gate)(step); }
void hippo_gate_gradient(const HippoGateGradient& step) { HWY_DYNAMIC_DISPATCH(hippo_gate_gradient)(step); }
void legs_step(const LegsStep& step) { HWY_DYNAMIC_DISPATCH(legs_step)(step); }
void legs_step_gradient(const LegsStepGradient& step) { HWY_DYNAMIC_DISPATCH(legs_step_gradient)(step); }

}  // namespace mlrun::kernels
#endif

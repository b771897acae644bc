#include "kernels/ssm/selective_scan.hpp"

#include <algorithm>
#include <vector>

#include "kernels/profile.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/selective_scan.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"
#include "kernels/vector/vector_math.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

// Positions first .. last - 1 of sequence i for a vector of channels from k on. state: their column of the states.
HWY_INLINE void scan(const ScanShape& s, const ScanInputs& in, int64_t i, int64_t first, int64_t last, int64_t k,
                     float* state, float* y) {
  const Floats d;
  const int64_t valid = std::min(simd::lanes(), s.channels - k), stride = s.padded();
  const float* poles = in.poles + k;
  const V skip = simd::load(in.skip + k, valid);
  for (int64_t t = first; t < last; ++t) {
    const int64_t position = i * s.length + t, at = position * s.channels + k;
    const float *b = in.b + position * s.states, *c = in.c + position * s.states;
    const V u = simd::load(in.u + at, valid), delta = simd::load(in.delta + at, valid), du = hn::Mul(u, delta);
    const auto next = [&](int64_t n) HWY_ATTR {
      float* h = state + n * stride;
      const V a = vmath::exp_nonpositive(d, hn::Mul(delta, hn::LoadU(d, poles + n * stride)));
      const V now = hn::MulAdd(a, hn::LoadU(d, h), hn::Mul(du, hn::Set(d, b[n])));
      hn::StoreU(now, d, h);
      return now;
    };
    V even = hn::Mul(skip, u), odd = hn::Zero(d);
    int64_t n = 0;
    for (; n + 2 <= s.states; n += 2) {
      even = hn::MulAdd(hn::Set(d, c[n]), next(n), even);
      odd = hn::MulAdd(hn::Set(d, c[n + 1]), next(n + 1), odd);
    }
    if (n < s.states) even = hn::MulAdd(hn::Set(d, c[n]), next(n), even);
    simd::store(hn::Add(even, odd), y + at, valid);
  }
}

// states [states, padded] of one sequence at a time; left in borders, where there are some.
void scan_sequences(const ScanShape& s, const ScanInputs& in, float* states, float* y, float* borders) {
  for (int64_t i = 0; i < s.sequences; ++i) {
    std::fill_n(states, s.state_count(), 0.0f);
    for (int64_t first = 0; first < s.length; first += kScanChunk) {
      const int64_t last = std::min(s.length, first + kScanChunk);
      for (int64_t k = 0; k < s.channels; k += simd::lanes()) scan(s, in, i, first, last, k, states + k, y);
      if (borders && last < s.length) borders = std::copy_n(states, s.state_count(), borders);
    }
  }
}

void scan_step(const ScanShape& s, const ScanInputs& in, float* states, float* y) {
  for (int64_t i = 0; i < s.sequences; ++i, states += s.state_count()) {
    for (int64_t k = 0; k < s.channels; k += simd::lanes()) scan(s, in, i, 0, 1, k, states + k, y);
  }
}

// What one vector of channels remembers of a chunk: h before its first position and after each, and what is left of
// the state before at each; and what B and C are given, to be summed over channels when all have been there. All are
// [positions, states, lanes].
struct ScanRoom {
  float *h, *kept, *db, *dc;
};

// d_state: the gradient of the states after the chunk; turned into that of those before. d_skip [channels].
HWY_INLINE void scan_back(const ScanShape& s, const ScanInputs& in, int64_t i, int64_t first, int64_t last, int64_t k,
                          const float* before, const float* dy, float* d_state, const ScanRoom& room,
                          const ScanGradients& to) {
  const Floats d;
  const int64_t lanes = simd::lanes(), valid = std::min(lanes, s.channels - k), stride = s.padded();
  const int64_t row = s.states * lanes;
  const float* poles = in.poles + k;
  for (int64_t n = 0; n < s.states; ++n)
    hn::StoreU(before ? hn::LoadU(d, before + n * stride + k) : hn::Zero(d), d, room.h + n * lanes);
  for (int64_t t = first; t < last; ++t) {
    const int64_t position = i * s.length + t, at = position * s.channels + k;
    const float *b = in.b + position * s.states, *h = room.h + (t - first) * row;
    float *after = room.h + (t - first + 1) * row, *kept = room.kept + (t - first) * row;
    const V delta = simd::load(in.delta + at, valid), du = hn::Mul(simd::load(in.u + at, valid), delta);
    for (int64_t n = 0; n < s.states; ++n) {
      const V a = vmath::exp_nonpositive(d, hn::Mul(delta, hn::LoadU(d, poles + n * stride)));
      hn::StoreU(a, d, kept + n * lanes);
      hn::StoreU(hn::MulAdd(a, hn::LoadU(d, h + n * lanes), hn::Mul(du, hn::Set(d, b[n]))), d, after + n * lanes);
    }
  }
  V d_skip = hn::Zero(d);
  const V skip = simd::load(in.skip + k, valid);
  for (int64_t t = last - 1; t >= first; --t) {
    const int64_t position = i * s.length + t, at = position * s.channels + k, local = (t - first) * row;
    const float *b = in.b + position * s.states, *c = in.c + position * s.states;
    const float *h = room.h + local, *after = h + row, *kept = room.kept + local;
    float *db = room.db + local, *dc = room.dc + local;
    const V u = simd::load(in.u + at, valid), delta = simd::load(in.delta + at, valid), du = hn::Mul(u, delta),
            g = simd::load(dy + at, valid);
    V by_input = hn::Zero(d), by_pole = hn::Zero(d);  // sums over n of dh B and of dh a h A
    for (int64_t n = 0; n < s.states; ++n) {
      const int64_t place = n * lanes;
      float *dh = d_state + n * stride + k, *d_pole = to.poles + n * stride + k;
      const V in_h = hn::MulAdd(g, hn::Set(d, c[n]), hn::LoadU(d, dh)), a = hn::LoadU(d, kept + place);
      hn::StoreU(hn::MulAdd(g, hn::LoadU(d, after + place), hn::LoadU(d, dc + place)), d, dc + place);
      hn::StoreU(hn::MulAdd(in_h, du, hn::LoadU(d, db + place)), d, db + place);
      by_input = hn::MulAdd(in_h, hn::Set(d, b[n]), by_input);
      const V back = hn::Mul(in_h, a), in_exponent = hn::Mul(back, hn::LoadU(d, h + place));
      by_pole = hn::MulAdd(in_exponent, hn::LoadU(d, poles + n * stride), by_pole);
      hn::StoreU(hn::MulAdd(in_exponent, delta, hn::LoadU(d, d_pole)), d, d_pole);
      hn::StoreU(back, d, dh);
    }
    simd::store(hn::MulAdd(delta, by_input, hn::Mul(skip, g)), to.u + at, valid);
    simd::store(hn::MulAdd(u, by_input, by_pole), to.delta + at, valid);
    d_skip = hn::MulAdd(u, g, d_skip);
  }
  simd::store(hn::Add(d_skip, simd::load(to.skip + k, valid)), to.skip + k, valid);
}

// The scratch is [2 kScanChunk + 1 + 2 kScanChunk, states, lanes] and the states [states, padded].
void scan_sequences_back(const ScanShape& s, const ScanInputs& in, const float* dy, const float* borders,
                         const ScanGradients& to, float* scratch, float* d_state) {
  const Floats d;
  const int64_t lanes = simd::lanes(), row = s.states * lanes, chunks = (s.length + kScanChunk - 1) / kScanChunk;
  const ScanRoom room = {scratch, scratch + (kScanChunk + 1) * row, scratch + (2 * kScanChunk + 1) * row,
                         scratch + (3 * kScanChunk + 1) * row};
  for (int64_t i = 0; i < s.sequences; ++i) {
    std::fill_n(d_state, s.state_count(), 0.0f);
    for (int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
      const int64_t first = chunk * kScanChunk, last = std::min(s.length, first + kScanChunk);
      std::fill_n(room.db, (last - first) * row, 0.0f);
      std::fill_n(room.dc, (last - first) * row, 0.0f);
      const float* before = chunk > 0 ? borders + (i * (chunks - 1) + chunk - 1) * s.state_count() : nullptr;
      for (int64_t k = 0; k < s.channels; k += lanes)
        scan_back(s, in, i, first, last, k, before, dy, d_state, room, to);
      const int64_t count = (last - first) * s.states, at = (i * s.length + first) * s.states;
      for (int64_t j = 0; j < count; ++j) {
        to.b[at + j] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, room.db + j * lanes)));
        to.c[at + j] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, room.dc + j * lanes)));
      }
    }
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {

HWY_EXPORT(scan_sequences);
HWY_EXPORT(scan_sequences_back);
HWY_EXPORT(scan_step);

int64_t ScanShape::border_count() const {
  return sequences * ((length + kScanChunk - 1) / kScanChunk - 1) * state_count();
}

Tensor turned_poles(const Tensor& a) {
  const ScanShape shape = {1, 1, a.dim(0), a.dim(1)};
  Tensor turned = Tensor::zeros({shape.states, shape.padded()});
  for (int64_t k = 0; k < shape.channels; ++k) {
    for (int64_t n = 0; n < shape.states; ++n)
      turned.data<float>()[n * shape.padded() + k] = a.data<float>()[k * shape.states + n];
  }
  return turned;
}

void selective_scan(const ScanShape& shape, const ScanInputs& in, float* y, float* borders) {
  const double steps = static_cast<double>(shape.sequences * shape.length * shape.channels);
  const profile::Scope scope("selective scan", "own", 6 * steps * static_cast<double>(shape.states), 12 * steps);
  std::vector<float> states(static_cast<size_t>(shape.state_count()));
  HWY_DYNAMIC_DISPATCH(scan_sequences)(shape, in, states.data(), y, borders);
}

void selective_scan_gradient(const ScanShape& shape, const ScanInputs& in, const float* dy, const float* borders,
                             const ScanGradients& to) {
  const double steps = static_cast<double>(shape.sequences * shape.length * shape.channels);
  const profile::Scope scope("selective scan gradient", "own", 20 * steps * static_cast<double>(shape.states),
                             20 * steps);
  Tensor scratch({4 * kScanChunk + 1, shape.states, 16}), d_state({shape.states, shape.padded()});
  HWY_DYNAMIC_DISPATCH(scan_sequences_back)
  (shape, in, dy, borders, to, scratch.data<float>(), d_state.data<float>());
}

void selective_scan_step(const ScanShape& shape, const ScanInputs& in, float* states, float* y) {
  HWY_DYNAMIC_DISPATCH(scan_step)(shape, in, states, y);
}

}  // namespace mlrun::kernels
#endif

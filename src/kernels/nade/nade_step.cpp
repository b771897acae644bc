#include "base/error.hpp"
#include "kernels/nade/nade.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/nade/nade_step.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/nade/nade_border.hpp"
#include "kernels/nade/nade_simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {
using namespace nade;

int64_t groups_of(int64_t pixels) { return (pixels + kGroup - 1) / kGroup; }

void dot_rows(int64_t rows, const float* h, const float* v, int64_t hidden_padded, float* sums) {
  switch (rows) {
    case 1:
      return dot_last_rows<1>(h, v, hidden_padded, sums);
#if HWY_TARGET != HWY_SCALAR
    case 2:
      return dot_last_rows<2>(h, v, hidden_padded, sums);
    case 3:
      return dot_last_rows<3>(h, v, hidden_padded, sums);
    case 4:
      return dot_last_rows<4>(h, v, hidden_padded, sums);
#if HWY_TARGET <= HWY_AVX3
    case 5:
      return dot_last_rows<5>(h, v, hidden_padded, sums);
    case 6:
      return dot_last_rows<6>(h, v, hidden_padded, sums);
    case 7:
      return dot_last_rows<7>(h, v, hidden_padded, sums);
    case 8:
      return dot_last_rows<8>(h, v, hidden_padded, sums);
#endif
#endif
  }
}

void sigmoid_of(const float* a, float* h, int64_t hidden_padded) {
  const Floats d;
  for (int64_t j = 0; j < hidden_padded; j += kLanes) hn::Store(vmath::sigmoid(d, hn::Load(d, a + j)), d, h + j);
}

}  // namespace

int64_t nade_padded_kernel(int64_t hidden) { return padded(hidden); }
int64_t nade_group_kernel() { return kGroup; }

// w and v [groups][padded / kPair][kGroup][kPair]
void nade_pack_kernel(const NadeWeights& weights, float* w, float* v) {
  const int64_t size = kGroup * padded(weights.hidden);
  for (int64_t g = 0; g < groups_of(weights.pixels); ++g) {
    pack_rows(weights, weights.w, g * kGroup, kGroup, w + g * size);
    pack_rows(weights, weights.v, g * kGroup, kGroup, v + g * size);
  }
}

void nade_begin_kernel(const float* c, int64_t hidden_padded, int64_t count, float* a, float* h) {
  if (count == 0) return;
  sigmoid_of(c, h, hidden_padded);
  for (int64_t i = 0; i < count; ++i) {
    std::copy_n(c, hidden_padded, a + i * hidden_padded);
    if (i > 0) std::copy_n(h, hidden_padded, h + i * hidden_padded);
  }
}

// Brings `ahead` [count][kGroup] up to date for the rest of the group of `step`, and writes the logits of `step`.
void nade_logits_kernel(const NadePackedWeights& weights, int64_t step, int64_t count, const float* h, uint8_t* stale,
                        float* ahead, float* out) {
  const int64_t hidden_padded = weights.padded_hidden(), within = step % kGroup;
  const float* v = weights.v() + step / kGroup * kGroup * hidden_padded;
  const float b = weights.b()[step];
  for (int64_t i = 0; i < count; ++i) {
    float* sums = ahead + i * kGroup;
    if (within == 0 || stale[i] != 0) {
      dot_rows(kGroup - within, h + i * hidden_padded, v, hidden_padded, sums + within);
      stale[i] = 0;
    }
    out[i] = b + sums[within];
  }
}

void nade_observe_kernel(const NadePackedWeights& weights, int64_t step, int64_t count, const int32_t* symbols,
                         float* a, float* h, uint8_t* stale) {
  const Floats d;
  const int64_t hidden_padded = weights.padded_hidden();
  const float* w = weights.w() + step / kGroup * kGroup * hidden_padded + step % kGroup * kPair;
  for (int64_t i = 0; i < count; ++i) {
    if (symbols[i] == 0) continue;
    float* sums = a + i * hidden_padded;
    float* hidden = h + i * hidden_padded;
    const float* row = w;
    for (int64_t j = 0; j < hidden_padded; j += kPair, row += kGroup * kPair) {
      const Vector a0 = hn::Add(hn::Load(d, sums + j), hn::Load(d, row));
      const Vector a1 = hn::Add(hn::Load(d, sums + j + kLanes), hn::Load(d, row + kLanes));
      hn::Store(a0, d, sums + j);
      hn::Store(a1, d, sums + j + kLanes);
      hn::Store(vmath::sigmoid(d, a0), d, hidden + j);
      hn::Store(vmath::sigmoid(d, a1), d, hidden + j + kLanes);
    }
    stale[i] = 1;
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
HWY_EXPORT(nade_padded_kernel);
HWY_EXPORT(nade_group_kernel);
HWY_EXPORT(nade_pack_kernel);
HWY_EXPORT(nade_begin_kernel);
HWY_EXPORT(nade_logits_kernel);
HWY_EXPORT(nade_observe_kernel);

NadePackedWeights::NadePackedWeights(const NadeWeights& weights)
    : pixels_(weights.pixels), hidden_(weights.hidden), padded_(HWY_DYNAMIC_DISPATCH(nade_padded_kernel)(hidden_)) {
  require(pixels_ >= 1 && hidden_ >= 1, "NADE with {} pixels and {} hidden units", pixels_, hidden_);
  const int64_t group = HWY_DYNAMIC_DISPATCH(nade_group_kernel)();
  const int64_t rows = (pixels_ + group - 1) / group * group;
  w_ = Tensor({rows, padded_});
  v_ = Tensor({rows, padded_});
  c_ = Tensor::zeros({padded_});
  b_ = Tensor({pixels_});
  HWY_DYNAMIC_DISPATCH(nade_pack_kernel)(weights, w_.data<float>(), v_.data<float>());
  std::copy_n(weights.c, hidden_, c_.data<float>());
  for (int64_t k = 0; k < pixels_; ++k) b_.data<float>()[k] = weights.b[weights.order ? weights.order[k] : k];
}

NadeStepper::NadeStepper(const NadePackedWeights& weights, int64_t count)
    : weights_(&weights),
      count_(count),
      now_({0, Tensor({count, weights.padded_hidden()}), Tensor({count, weights.padded_hidden()}),
            Tensor({count, HWY_DYNAMIC_DISPATCH(nade_group_kernel)()}),
            std::vector<uint8_t>(static_cast<size_t>(count))}) {
  now_.ahead.fill(0);
  begin();
}

void NadeStepper::begin() {
  now_.step = 0;
  std::fill(now_.stale.begin(), now_.stale.end(), uint8_t{1});
  HWY_DYNAMIC_DISPATCH(nade_begin_kernel)
  (weights_->c(), weights_->padded_hidden(), count_, now_.sums.data<float>(), now_.hidden.data<float>());
}

void NadeStepper::logits(float* out) {
  require(now_.step < weights_->pixels(), "NADE has no step {}: it has {}", now_.step, weights_->pixels());
  HWY_DYNAMIC_DISPATCH(nade_logits_kernel)
  (*weights_, now_.step, count_, now_.hidden.data<float>(), now_.stale.data(), now_.ahead.data<float>(), out);
}

void NadeStepper::observe(const int32_t* symbols) {
  require(now_.step < weights_->pixels(), "NADE has no step {}: it has {}", now_.step, weights_->pixels());
  HWY_DYNAMIC_DISPATCH(nade_observe_kernel)
  (*weights_, now_.step, count_, symbols, now_.sums.data<float>(), now_.hidden.data<float>(), now_.stale.data());
  ++now_.step;
  if (!has_mark_ || since_ == kStepsKept) return;
  ++since_;
  keep();
}

// Into rooms that are used again.
void NadeStepper::keep() {
  if (kept_.size() <= since_) kept_.push_back({0, now_.sums.clone(), now_.hidden.clone(), now_.ahead.clone(), {}});
  assign(now_, kept_[since_]);
}

void NadeStepper::assign(const State& from, State& to) {
  to.step = from.step;
  to.sums.copy_from(from.sums);
  to.hidden.copy_from(from.hidden);
  to.ahead.copy_from(from.ahead);
  to.stale = from.stale;
}

void NadeStepper::mark() {
  has_mark_ = true;
  since_ = 0;
  keep();
}

void NadeStepper::rewind(int64_t kept) {
  require(has_mark_ && kept <= static_cast<int64_t>(since_), "a stepper that goes back to a place it never marked");
  since_ = static_cast<size_t>(kept);
  assign(kept_[since_], now_);
}

}  // namespace mlrun::kernels
#endif

#include "generate/sliding.hpp"

#include <utility>

namespace mlrun {

SlidingStepper::SlidingStepper(const StepView& view, int64_t count, const int32_t* labels, const DataSpec& data)
    : view_(view),
      count_(count),
      positions_(data.positions()),
      scratch_(static_cast<size_t>(count * logits_per_step(data.alphabet))) {
  if (labels) labels_.assign(labels, labels + count);
  begin();
}

void SlidingStepper::begin() { stepper_ = view_.begin(count_, labels_.empty() ? nullptr : labels_.data()); }

void SlidingStepper::make_room() {
  if (static_cast<int64_t>(seen_.size()) < positions_) return;
  const std::vector<std::vector<int32_t>> all = std::move(seen_);
  seen_.clear();
  begin();
  for (size_t t = all.size() - all.size() / 2; t < all.size(); ++t) {
    stepper_->logits(scratch_.data());  // some steppers compute in it
    stepper_->observe(all[t].data());
    seen_.push_back(all[t]);
  }
}

void SlidingStepper::logits(float* out) {
  make_room();
  stepper_->logits(out);
}

void SlidingStepper::observe(const int32_t* symbols) {
  make_room();
  stepper_->observe(symbols);
  seen_.emplace_back(symbols, symbols + count_);
}

}  // namespace mlrun

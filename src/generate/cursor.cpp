#include "generate/cursor.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mlrun {

Cursor::Cursor(Begin begin, int64_t count, int64_t alphabet)
    : begin_(std::move(begin)),
      count_(count),
      width_(logits_per_step(alphabet)),
      stepper_(begin_()),
      last_(static_cast<size_t>(count * width_)) {}

void Cursor::logits(float* out) {
  if (!asked_) stepper_->logits(last_.data());
  asked_ = true;
  std::copy(last_.begin(), last_.end(), out);
}

void Cursor::extend(const int32_t* symbols, int64_t length, float* out) {
  if (length == 0) return;
  if (!stepper_->can_rewind()) seen_.insert(seen_.end(), symbols, symbols + length * count_);
  if (!stepper_->can_extend()) return step(symbols, length, out);
  stepper_->extend(symbols, length, out);
  asked_ = out != nullptr;
  if (out) std::copy_n(out + (length - 1) * count_ * width_, last_.size(), last_.begin());
}

// Each position is asked for its logits once, known or not.
void Cursor::step(const int32_t* symbols, int64_t length, float* out) {
  for (int64_t t = 0; t < length; ++t) {
    if (!asked_) stepper_->logits(last_.data());
    stepper_->observe(symbols + t * count_);
    asked_ = false;
    if (out) logits(out + t * count_ * width_);
  }
}

void Cursor::mark() {
  if (stepper_->can_rewind()) stepper_->mark();
  marked_ = seen_.size();
  marked_asked_ = asked_;
  marked_last_ = last_;
}

void Cursor::rewind(int64_t kept) {
  if (stepper_->can_rewind()) {
    stepper_->rewind(kept);
    asked_ = kept == 0 && marked_asked_;
    if (asked_) last_ = marked_last_;
    return;
  }
  const std::vector<int32_t> again(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(marked_) + kept * count_);
  seen_.clear();
  stepper_ = begin_();
  asked_ = false;
  extend(again.data(), static_cast<int64_t>(again.size()) / count_, nullptr);
}

}  // namespace mlrun

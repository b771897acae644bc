#include "mixers/mixer.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {

void require_equal_width(const MixerShape& shape, const std::string& kind) {
  if (shape.in == shape.width) return;
  fail(ExitCode::kUsage,
       "mixer {} takes as many channels as it gives ({}), and was given {}\n  with   model.input=embedding", kind,
       shape.width, shape.in);
}

namespace {

// The rooms of copies are used again.
void copy(const std::vector<Tensor>& from, std::vector<Tensor>& to) {
  to.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    if (to[i].defined()) to[i].copy_from(from[i]);
    else to[i] = from[i].clone();
  }
}

}  // namespace

void MixerStepper::mark() {
  if (states_.empty()) states_.resize(1);
  copy(state(), states_[0]);
  has_mark_ = true;
  since_ = 0;
  for (std::vector<float>& rows : rows_) rows.clear();
  marked_t_ = t_;
}

void MixerStepper::passed() {
  if (!has_mark_ || since_ == kPositionsKept) return;
  ++since_;
  if (states_.size() <= static_cast<size_t>(since_)) states_.resize(static_cast<size_t>(since_) + 1);
  copy(state(), states_[static_cast<size_t>(since_)]);
}

void MixerStepper::changed_by(int64_t length, const std::vector<Rows>& rows) {
  if (!has_mark_) return;
  const int64_t kept = std::min(length, kPositionsKept - since_);
  rows_.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    rows_[i].insert(rows_[i].end(), rows[i].data, rows[i].data + kept * rows[i].width);
  since_ += kept;
}

void MixerStepper::advance(const std::vector<Rows>&, int64_t) {
  fail(ExitCode::kInternal, "a mixer that says what its state is changed by, and cannot do it again");
}

void MixerStepper::rewind(int64_t kept) {
  require(has_mark_ && kept <= since_, "a stepper that goes back to {} positions behind a mark, and knows of {}", kept,
          has_mark_ ? since_ : -1);
  std::vector<Tensor> parts = state();
  const std::vector<Tensor>& from = states_[rows_.empty() ? static_cast<size_t>(kept) : 0];
  for (size_t i = 0; i < parts.size(); ++i) parts[i].copy_from(from[i]);
  if (!rows_.empty()) {
    std::vector<Rows> rows;
    for (std::vector<float>& each : rows_) {
      const auto width = since_ > 0 ? static_cast<int64_t>(each.size()) / since_ : 0;
      each.resize(static_cast<size_t>(kept * width));
      rows.push_back({each.data(), width});
    }
    if (kept > 0) advance(rows, kept);
  }
  since_ = kept;
  t_ = marked_t_ + kept;
}

MixerRegistry& mixer_kinds() {
  static MixerRegistry registry;
  return registry;
}

}  // namespace mlrun

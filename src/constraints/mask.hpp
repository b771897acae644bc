// Symbols that a sample must have at some of its places: the pixels of an image, codes, the rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "constraints/constraint.hpp"

namespace mlrun::constraints {

// Samples of forced.size() symbols, in the order in which they are drawn: symbol t is forced[t], or any where that is -1.
class Mask : public Constraint {
 public:
  Mask(std::vector<int32_t> forced, int64_t alphabet) : forced_(std::move(forced)), alphabet_(alphabet) {}
  State start() const override { return 0; }
  void next(State state, int64_t, std::vector<Next>& symbols) const override {
    const int32_t forced = forced_[static_cast<size_t>(state)];
    symbols.assign(static_cast<size_t>(alphabet_), forced < 0 ? Next::kGoesOn : Next::kNever);
    if (forced >= 0) symbols[static_cast<size_t>(forced)] = Next::kGoesOn;
  }
  State after(State state, int32_t) const override { return state + 1; }
  bool may_end(State state) const override { return state == static_cast<State>(forced_.size()); }
  int64_t least() const override { return static_cast<int64_t>(forced_.size()); }

 private:
  std::vector<int32_t> forced_;
  int64_t alphabet_;
};

}  // namespace mlrun::constraints

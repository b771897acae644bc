// A constraint on samples: it says after every symbol which ones may come next.
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun::constraints {

enum class Next : uint8_t {
  kNever,   // no sample that satisfies the constraint goes on with this symbol
  kGoesOn,  // the sample goes on with this symbol
  kEnds,    // the sample is complete before this symbol, which is no part of it
};

// States are numbers. Safe for any number of threads.
class Constraint {
 public:
  using State = int32_t;
  virtual ~Constraint() = default;
  virtual State start() const = 0;
  // What each symbol of the alphabet would be as the next one, where at most `left` >= 1 symbols may still come. A symbol
  // is kGoesOn only where the sample can be completed within the symbols after it. So there are no dead ends: in every
  // state that is reached by such symbols, some symbol may come, or may_end() holds.
  virtual void next(State state, int64_t left, std::vector<Next>& symbols) const = 0;
  virtual State after(State state, int32_t symbol) const = 0;  // where the symbol is kGoesOn
  // Whether a sample that ends here is complete.
  virtual bool may_end(State state) const = 0;
  // Symbols of the shortest complete sample.
  virtual int64_t least() const = 0;
};

}  // namespace mlrun::constraints

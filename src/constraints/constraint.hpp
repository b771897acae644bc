// What a sample may be: from one symbol to the next, what may come.
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun::constraints {

enum class Next : uint8_t {
  kNever,   // with this symbol no sample could be what is wanted
  kGoesOn,  // a symbol of it
  kEnds,    // the sample is complete, and this symbol is behind it
};

// States are numbers. Safe for any number of threads.
class Constraint {
 public:
  using State = int32_t;
  virtual ~Constraint() = default;
  virtual State start() const = 0;
  // What each symbol [alphabet] would be, where `left` >= 1 symbols may still come: one that goes on can be completed
  // within the rest. There are no dead ends: in a state that was reached so, some symbol may come, or may_end().
  virtual void next(State state, int64_t left, std::vector<Next>& symbols) const = 0;
  virtual State after(State state, int32_t symbol) const = 0;  // of one that goes on
  // Whether a sample that ends here is complete.
  virtual bool may_end(State state) const = 0;
  // Symbols of the shortest complete sample.
  virtual int64_t least() const = 0;
};

}  // namespace mlrun::constraints

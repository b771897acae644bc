// Goes through sequences with a stepper or a cursor, one symbol after the other: what samplers, coders, likelihoods and
// proofs have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "models/model.hpp"

namespace mlrun {

// For each of `steps` steps and each of the stepper's `count` sequences: visit(t, i, logits), which gives the symbol
// that is then observed. Logits are those of one sequence: [logits_per_step(alphabet)]. No further step is made once
// done() is true.
template <class Steps, class Visit, class Done>
void step_through(Steps& stepper, int64_t count, int64_t steps, int64_t alphabet, const Visit& visit,
                  const Done& done) {
  const int64_t width = logits_per_step(alphabet);
  std::vector<float> logits(static_cast<size_t>(count * width));
  std::vector<int32_t> symbols(static_cast<size_t>(count));
  for (int64_t t = 0; t < steps && !done(); ++t) {
    stepper.logits(logits.data());  // also where the symbol is known: some steppers compute in it
    for (int64_t i = 0; i < count; ++i) symbols[static_cast<size_t>(i)] = visit(t, i, logits.data() + i * width);
    stepper.observe(symbols.data());
  }
}

template <class Steps, class Visit>
void step_through(Steps& stepper, int64_t count, int64_t steps, int64_t alphabet, const Visit& visit) {
  step_through(stepper, count, steps, alphabet, visit, [] { return false; });
}

}  // namespace mlrun

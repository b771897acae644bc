// Threads that a run has no work for.
#pragma once

#include "experiment/experiment.hpp"

namespace mlrun {

// One line where there are more threads (or, with `wanted` 0, cores) than lanes, and the batch has examples for more:
// the setting that would use them. Call it when training begins.
void say_what_idles(const Experiment& experiment, int wanted);

}  // namespace mlrun

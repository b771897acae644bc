#include "commands/train/idle_threads.hpp"

#include <algorithm>

#include "base/lanes.hpp"
#include "base/log.hpp"

namespace mlrun {

void say_what_idles(const Experiment& experiment, int wanted) {
  const int64_t turns = experiment.spec().train.accumulate, lanes = experiment.lanes_at_once();
  const int64_t batch = experiment.spec().train.batch_size / turns;
  const int64_t threads = threads_for(kMostLanes, wanted), use = std::min(threads, batch);
  if (lanes >= use) return;
  log::info(
      "{} {}, and {} lane{} to run on them; compute.lanes={} uses more of them, and is another run (other bits, "
      "another fingerprint)",
      threads, wanted > 0 ? "threads" : "cores", lanes, lanes == 1 ? "" : "s", use * turns);
}

}  // namespace mlrun

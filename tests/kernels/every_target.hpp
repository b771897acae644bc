// Runs a check of hand-written kernels on every instruction set that this CPU has.
#pragma once

#include <hwy/targets.h>

#include <cstdint>

#include "catch.hpp"

namespace mlrun {

template <class Check>
void on_every_target(Check check) {
  struct Restore {
    ~Restore() {
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  } restore;
  const int64_t all = hwy::SupportedTargets();
  for (int64_t target = 1; target > 0; target = static_cast<int64_t>(static_cast<uint64_t>(target) << 1)) {
    if ((all & target & HWY_TARGETS) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    INFO(hwy::TargetName(target));
    check();
  }
}

}  // namespace mlrun

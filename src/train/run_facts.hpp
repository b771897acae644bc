// What a run says of itself in its journal and in run.h5.
#pragma once

#include <string>

#include "runs/recorder.hpp"
#include "train/trainer.hpp"

namespace mlrun {

std::string now_utc();  // "2026-11-24T14:30:05.123Z"

// `created`: when the run was begun; "" for now.
RunFacts facts_of(const RunDirectory& directory, const Trainer& trainer, const std::string& created, int threads);

}  // namespace mlrun

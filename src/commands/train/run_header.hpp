// What is said of a run when its training begins, and what it is called.
#pragma once

#include <cstdint>
#include <string>

#include "config/field.hpp"
#include "runs/run_directory.hpp"
#include "train/observer.hpp"
#include "train/trainer.hpp"

namespace mlrun {

RunHeader header_of(const Trainer& trainer, const RunDirectory& directory, int threads);

// "{model.kind}-s{seed}" with the spec's values in place of the braces. Error(kUsage) for an unknown field.
std::string expand_name(const std::string& name_template, const config::Fields& fields);

}  // namespace mlrun

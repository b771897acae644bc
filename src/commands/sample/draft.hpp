// A run that drafts for another (generate/speculative.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "experiment/trained_model.hpp"
#include "generate/speculative.hpp"

namespace mlrun {

// The trained model that drafts. Error(kUsage) where its symbols stand for something else than the run's: other
// characters, or the codes of another stage one.
std::unique_ptr<const TrainedModel> load_draft(const std::string& run, const TrainedModel& model);

}  // namespace mlrun

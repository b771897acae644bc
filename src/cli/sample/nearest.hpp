// mlrun sample --nearest: each sample beside the training images nearest to it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/lanes.hpp"
#include "commands/sample/nearest.hpp"
#include "commands/sample/sample.hpp"
#include "figure/sheet.hpp"

namespace mlrun::cli {

NearestOutcome nearest_of(const Samples& samples, const TrainedModel& model, int64_t most, LanePool& pool);
figure::SheetCaptions captions_of(const NearestOutcome& outcome, const Samples& samples, const DataNames& names);
// What all of them say together, for a person and for `--json`.
std::string words_of(const NearestOutcome& outcome);
nlohmann::ordered_json answer_of(const NearestOutcome& outcome);

}  // namespace mlrun::cli

// The data that a checkpoint was trained on, found again.
#pragma once

#include <memory>

#include "run/checkpoint.hpp"

namespace mlrun {

// Error(kData) where the files are missing, or hold other data than at training.
std::unique_ptr<Dataset> data_of(const TrainedModel& trained);
// The same rows before their binarization (symbols 0 .. 255), or null where this kind of data has none.
std::unique_ptr<Dataset> grey_data_of(const TrainedModel& trained);

}  // namespace mlrun

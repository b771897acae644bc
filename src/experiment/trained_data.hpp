// The data that a checkpoint was trained on, found again.
#pragma once

#include <memory>

#include "experiment/trained_model.hpp"

namespace mlrun {

// The data of an experiment, for a model trained on such data: codes are those of the model's own stage one where the
// experiment does not name another.
std::unique_ptr<Dataset> build_data(const Experiment& experiment, const DataSources& sources,
                                    const TrainedModel& trained);
// Error(kData) where the files are missing, or hold other data than at training.
std::unique_ptr<Dataset> data_of(const TrainedModel& trained);
// The same rows before their binarization (symbols 0 .. 255), or null where this kind of data has none.
std::unique_ptr<Dataset> grey_data_of(const TrainedModel& trained);

}  // namespace mlrun

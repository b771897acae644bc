// What `mlrun sample` leaves: a file of samples, and the line of --json.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/sample/options.hpp"
#include "cli/sample/pictures.hpp"
#include "commands/sample/sample.hpp"
#include "experiment/trained_model.hpp"

namespace mlrun::cli {

// Error(kUsage) that names `what` asked for pictures, unless the model draws images.
void require_image(const TrainedModel& model, const std::string& what);

// Error(kUsage) for a file of no kind that samples are written to. Empty and "-" are fine.
void require_ending(const std::string& file);

// To `words.out`: by its ending a sheet of pictures, HDF5, NumPy or text; "-" is text on stdout. Error(kUsage) for
// another.
void write_samples(const Samples& samples, const TrainedModel& model, const SampleWords& words,
                   const SamplePictures& pictures);

// The law they were drawn by where it is not the model's own, and what the draws say of themselves.
nlohmann::ordered_json answer_of(const Samples& samples, const TrainedModel& model, const SampleWords& words);

}  // namespace mlrun::cli

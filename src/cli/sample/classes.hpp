// mlrun sample --class: of which classes samples are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment/trained_model.hpp"

namespace mlrun::cli {

// 7, 0..9, 3,8, cat,dog (where the data name their classes) or all; "": none was asked for. Error(kUsage) for what the
// model does not know.
std::vector<int32_t> classes_of(const std::string& text, const TrainedModel& model);
// The class of each of `per_class` samples of each of these, class by class.
std::vector<int32_t> labels_of(const std::vector<int32_t>& classes, int64_t per_class);

std::string caption_of_class(const DataNames& names, int32_t label);  // "cat", or "class 3" where it has no name

}  // namespace mlrun::cli

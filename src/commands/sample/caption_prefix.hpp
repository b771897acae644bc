// What a stream of words and a picture begins with where one of the two is known.
#pragma once

#include <string>

#include "experiment/trained_model.hpp"

namespace mlrun {

// The model must be of captions and pictures (identity.caption_stream). s32 [1, k]: the known part and the borders
// around it. Error(kUsage) where the model begins streams so less often than once in a thousand: it was trained on
// streams that begin with the other part.
//
// Of a caption, all of it: a character that no caption of the data has is Error(kUsage), and so is one that is too long.
Tensor stream_of_caption(const TrainedModel& trained, const std::string& caption, const std::string& what);
// Of a picture in a PNG of the size of the model's pictures, or one that `mlrun sample -n 1` wrote, each pixel the nearest
// of their levels; Error(kUsage) for one of another size.
Tensor stream_of_picture(const TrainedModel& trained, const std::string& path);

}  // namespace mlrun

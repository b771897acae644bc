// `mlrun sample --complete`: test images, a part of each, and the rest drawn given that part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "experiment/trained_model.hpp"
#include "generate/completion.hpp"
#include "io/image.hpp"

namespace mlrun {

struct CompleteRequest {
  std::string region;           // the part that is known
  std::vector<int64_t> images;  // rows of the test split; none: `some` of all classes (data/shown_rows.hpp)
  int64_t some = 8;
  std::optional<int32_t> label = {};  // of a conditional model, for all images; else each image's own
  CompletionOptions options;
};

struct CompleteOutcome {
  Region region;
  std::vector<int64_t> images;               // rows of the test split
  std::vector<int32_t> labels;               // that the completions are given: of a conditional model, else empty
  std::vector<std::vector<int64_t>> orders;  // in which positions are visited, by component: the known ones first
  Tensor originals;                          // s32 [images, positions]
  Tensor completions;                        // s32 [images * per_image, positions]
};

// Error(kUsage) where the model cannot complete this part exactly, and for images that the split does not have. Of several
// ranks (options.ranks) each draws a part of the completions; there must be one for each.
CompleteOutcome complete(const TrainedModel& trained, const CompleteRequest& request, LanePool& pool);

// One row of pictures for each image: itself, its known part, its completions. Codes are shown as the images they decode
// to, where a pixel is known as the code behind it is.
std::vector<io::Image> pictures_of(const CompleteOutcome& outcome, const TrainedModel& model,
                                   const CompletionOptions& options);

}  // namespace mlrun

// mlrun sample: samples as pictures with captions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "commands/sample/nearest.hpp"
#include "commands/sample/sample.hpp"
#include "figure/sheet.hpp"
#include "io/image.hpp"
#include "symbols/data_names.hpp"

namespace mlrun::cli {

struct SamplePictures {
  const std::vector<io::Image>* images;  // of the samples, or of the answer about what is nearest
  int columns;                           // 0: as many as fit, or about square
  figure::SheetCaptions captions;
};

// Each sample beside its nearest where there is such an answer; of several classes a row each; else the samples alone.
SamplePictures pictures_of(const Samples& samples, int columns, const std::vector<int32_t>& classes,
                           const std::optional<NearestOutcome>& nearest, const DataNames& names);

}  // namespace mlrun::cli

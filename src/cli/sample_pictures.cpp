#include "cli/sample_pictures.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "cli/sample_nearest.hpp"

namespace mlrun::cli {

SamplePictures pictures_of(const Samples& samples, int columns, const std::vector<int32_t>& classes,
                           const std::optional<NearestOutcome>& nearest) {
  if (nearest) {
    const auto across = static_cast<int>(1 + nearest->samples.front().rows.size());
    return {&nearest->pictures, across, captions_of(*nearest, samples)};
  }
  SamplePictures out = {&samples.pictures, columns, {}};
  if (classes.size() > 1) {
    for (const int32_t label : classes) out.captions.of_rows.push_back(fmt::format("class {}", label));
  } else {
    for (size_t i = 0; i < samples.pictures.size(); ++i)
      out.captions.of_each.push_back(samples.labels.empty() ? fmt::format("{}", i)
                                                            : fmt::format("class {}", samples.labels[i]));
  }
  return out;
}

}  // namespace mlrun::cli

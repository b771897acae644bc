#include "cli/sample/pictures.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "cli/sample/classes.hpp"
#include "cli/sample/nearest.hpp"

namespace mlrun::cli {

SamplePictures pictures_of(const Samples& samples, int columns, const std::vector<int32_t>& classes,
                           const std::optional<NearestOutcome>& nearest, const DataNames& names) {
  if (nearest) {
    const auto across = static_cast<int>(1 + nearest->samples.front().rows.size());
    return {&nearest->pictures, across, captions_of(*nearest, samples, names)};
  }
  SamplePictures out = {&samples.pictures, columns, {}};
  if (classes.size() > 1) {
    for (const int32_t label : classes) out.captions.of_rows.push_back(caption_of_class(names, label));
  } else {
    for (size_t i = 0; i < samples.pictures.size(); ++i)
      out.captions.of_each.push_back(!samples.captions.empty() ? samples.captions[i]
                                     : samples.labels.empty()  ? fmt::format("{}", i)
                                                               : caption_of_class(names, samples.labels[i]));
  }
  return out;
}

}  // namespace mlrun::cli

// `mlrun sample`: what is drawn from a trained model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "experiment/trained_model.hpp"
#include "generate/sampler.hpp"
#include "io/image.hpp"

namespace mlrun {

// What was drawn: symbols of the data, or codes, and then the images they decode to, or streams, and then the pictures in
// them.
struct Samples {
  Tensor symbols, codes;              // codes undefined: the model is of the images themselves
  Tensor streams;                     // of captions and pictures: as they were drawn
  std::vector<std::string> captions;  // likewise
  int64_t broken = 0;                 // of these streams: CaptionStream::Reading that is not whole
  std::vector<io::Image> pictures;
  std::vector<int32_t> labels;   // of a conditional model
  DataSpec data;                 // that the symbols are of
  int64_t known = 0;             // symbols that each began with: a prompt, a question
  std::vector<int64_t> lengths;  // of each, where a stop may have ended it (symbols behind are -1); else empty
  SpeculationCounts speculation;
  std::vector<double> log_allowed;  // under a constraint, of each: ConstrainedWalk::log_allowed
  int64_t attempts = 0;             // of the exact law of a constraint
};

// Of a prior over codes the symbols are drawn from the pixels' law, as --temperature and the like have it, and the
// pictures show the expected value of every pixel given the codes; of a decoder that sees pixels, what was drawn.
// Of several ranks (options.ranks) only the first has pictures, and what is read from streams.
Samples sample(const TrainedModel& model, const SampleOptions& options, LanePool& pool);

}  // namespace mlrun

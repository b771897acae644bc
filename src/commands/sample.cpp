#include "commands/sample.hpp"

#include <utility>

#include "experiment/reconstructions.hpp"
#include "generate/picture.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun {

Samples sample(const TrainedModel& model, const SampleOptions& options, LanePool& pool) {
  const Sampler sampler(model.autoregressive(), *model.built.parameters);
  Samples samples;
  Sampler::Labelled drawn = sampler.draw_labelled(options, pool);
  samples.symbols = drawn.symbols;
  samples.labels = std::move(drawn.labels);
  samples.lengths = std::move(drawn.lengths);
  samples.speculation = drawn.speculation;
  samples.data = model.identity.data;
  samples.known = options.prefix.defined() ? options.prefix.dim(1) : 0;
  if (const auto& stage_one = model.identity.stage_one) {
    samples.codes = samples.symbols;
    samples.data = stage_one->identity.data;
    const CodeModel& decoder = stage_one->code_model();
    const PixelDraw pixels = {.seed = options.seed, .first = options.first, .law = options.law};
    samples.symbols = decoded_symbols(decoder, *stage_one->built.parameters, samples.codes, pixels);
    samples.pictures = decoder.sees_pixels() ? images_of(samples.symbols, samples.data)
                                             : decoded_images(decoder, *stage_one->built.parameters, samples.codes);
  } else if (samples.data.is_image()) {
    samples.pictures = images_of(samples.symbols, samples.data);
  }
  return samples;
}

}  // namespace mlrun

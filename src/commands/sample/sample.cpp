#include "commands/sample/sample.hpp"

#include <utility>

#include "generate/constrained.hpp"
#include "generate/picture.hpp"

namespace mlrun {

Samples sample(const TrainedModel& model, const SampleOptions& options, LanePool& pool) {
  const Sampler sampler(model.autoregressive(), *model.built.parameters);
  Samples samples;
  Sampler::Labelled drawn;
  if (options.law.constraint == ConstraintLaw::kExact) {
    ExactDraw exact = draw_exactly(sampler, options, pool);
    samples.attempts = exact.attempts;
    drawn = std::move(exact.samples);
  } else {
    drawn = sampler.draw_labelled(options, pool);
  }
  samples.log_allowed = std::move(drawn.log_allowed);
  samples.symbols = drawn.symbols;
  samples.labels = std::move(drawn.labels);
  samples.lengths = std::move(drawn.lengths);
  samples.speculation = drawn.speculation;
  samples.data = model.drawn_data();
  samples.known = options.prefix.defined() ? options.prefix.dim(1) : 0;
  if (const auto decoder = model.decoder()) {
    samples.codes = samples.symbols;
    const PixelDraw pixels = {.seed = options.seed, .first = options.first, .law = options.law};
    samples.symbols = decoder->draw(samples.codes, pixels);
    samples.pictures =
        decoder->model().sees_pixels() ? images_of(samples.symbols, samples.data) : decoder->decode(samples.codes);
  } else if (samples.data.is_image()) {
    samples.pictures = images_of(samples.symbols, samples.data);
  }
  return samples;
}

}  // namespace mlrun

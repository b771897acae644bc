#include "commands/sample/sample.hpp"

#include <algorithm>
#include <utility>

#include "generate/constrained.hpp"
#include "generate/picture.hpp"

namespace mlrun {
namespace {

// Streams become their captions and pictures.
void read_streams(const CaptionStream& stream, Samples& samples) {
  samples.streams = samples.symbols;
  const int64_t count = samples.streams.dim(0), length = samples.streams.dim(1);
  samples.symbols = Tensor({count, stream.parts().picture}, DType::kS32);
  for (int64_t i = 0; i < count; ++i) {
    CaptionStream::Reading reading =
        stream.read({samples.streams.data<int32_t>() + i * length, static_cast<size_t>(length)});
    std::copy(reading.picture.begin(), reading.picture.end(),
              samples.symbols.data<int32_t>() + i * stream.parts().picture);
    samples.captions.push_back(std::move(reading.caption));
    samples.broken += reading.whole ? 0 : 1;
  }
}

}  // namespace

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
  const bool shown = options.ranks.first();
  if (const auto& stream = model.identity.caption_stream; stream && shown) read_streams(*stream, samples);
  if (const auto decoder = model.decoder()) {
    samples.codes = samples.symbols;
    const PixelDraw pixels = {.seed = options.seed, .first = options.first, .law = options.law, .ranks = options.ranks};
    samples.symbols = decoder->draw(samples.codes, pixels);
    samples.pictures = decoder->model().sees_pixels() ? images_of(samples.symbols, samples.data)
                                                      : decoder->decode(samples.codes, {.ranks = options.ranks});
  } else if (samples.data.is_image() && shown) {
    samples.pictures = images_of(samples.symbols, samples.data);
  }
  return samples;
}

}  // namespace mlrun

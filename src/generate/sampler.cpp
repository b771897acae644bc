#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/random.hpp"

namespace mlrun {
namespace {

// The symbol that the uniform u picks from the logits of one image.
int32_t pick(const float* logits, int64_t alphabet, double u, double temperature) {
  if (alphabet == 2) return u < 1.0 / (1.0 + std::exp(-static_cast<double>(logits[0]) / temperature)) ? 1 : 0;
  const double most = *std::max_element(logits, logits + alphabet);
  double total = 0;
  for (int64_t k = 0; k < alphabet; ++k) total += std::exp((static_cast<double>(logits[k]) - most) / temperature);
  double left = u * total;
  for (int64_t k = 0; k < alphabet; ++k) {
    left -= std::exp((static_cast<double>(logits[k]) - most) / temperature);
    if (left < 0) return static_cast<int32_t>(k);
  }
  return static_cast<int32_t>(alphabet - 1);
}

struct Piece {  // images that share a component and a stepper
  int64_t component;
  std::vector<int64_t> images;
};

std::vector<Piece> pieces_of(const AutoregressiveModel& model, const SampleOptions& options) {
  const RandomStream choice(options.seed, "sample/component");
  const auto components = static_cast<uint64_t>(model.components());
  std::vector<std::vector<int64_t>> images(components);
  for (int64_t i = 0; i < options.count; ++i) {
    images[choice.below(static_cast<uint64_t>(options.first + i), components)].push_back(i);
  }
  std::vector<Piece> pieces;
  for (size_t c = 0; c < images.size(); ++c) {
    for (size_t begin = 0; begin < images[c].size(); begin += static_cast<size_t>(options.batch)) {
      const size_t end = std::min(images[c].size(), begin + static_cast<size_t>(options.batch));
      pieces.push_back(
          {static_cast<int64_t>(c),
           {images[c].begin() + static_cast<ptrdiff_t>(begin), images[c].begin() + static_cast<ptrdiff_t>(end)}});
    }
  }
  return pieces;
}

}  // namespace

Sampler::Sampler(const AutoregressiveModel& model, const ParameterArena& parameters) : model_(model) {
  for (int64_t c = 0; c < model.components(); ++c) views_.push_back(model.step_view(parameters, c));
}

Tensor Sampler::draw(const SampleOptions& options, LanePool& pool) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  const RandomStream noise(options.seed, "sample");
  Tensor symbols({options.count, positions}, DType::kS32);
  const std::vector<Piece> pieces = pieces_of(model_, options);
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    const Piece& piece = pieces[static_cast<size_t>(index)];
    const size_t n = piece.images.size();
    const std::vector<int64_t>& order = model_.order(piece.component);
    const std::unique_ptr<Stepper> stepper =
        views_[static_cast<size_t>(piece.component)]->begin(static_cast<int64_t>(n));
    std::vector<RandomStream> streams;
    for (const int64_t image : piece.images) streams.push_back(noise.at(static_cast<uint64_t>(options.first + image)));
    std::vector<int32_t> drawn(n);
    for (size_t t = 0; t < order.size(); ++t) {
      const Tensor logits = stepper->logits();
      const int64_t width = logits.count() / static_cast<int64_t>(n);
      for (size_t i = 0; i < n; ++i) {
        drawn[i] = pick(logits.data<float>() + static_cast<int64_t>(i) * width, alphabet, streams[i].uniform(t),
                        options.temperature);
        symbols.data<int32_t>()[piece.images[i] * positions + order[t]] = drawn[i];
      }
      stepper->observe(drawn);
    }
  });
  return symbols;
}

}  // namespace mlrun

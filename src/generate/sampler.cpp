#include "generate/sampler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "base/random.hpp"

namespace mlrun {
namespace {

// The uniforms of one image, step by step: number t is word t % 4 of block t / 4 of the image's stream.
class Uniforms {
 public:
  explicit Uniforms(const RandomStream& stream) : stream_(stream) {}
  double next() {
    if (step_ % 4 == 0) block_ = stream_.block(step_ / 4);
    return (static_cast<double>(block_[step_++ % 4]) + 0.5) * 0x1p-32;  // (0, 1)
  }

 private:
  RandomStream stream_;
  uint64_t step_ = 0;
  std::array<uint32_t, 4> block_{};
};

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
    std::vector<Uniforms> uniforms;
    for (const int64_t image : piece.images)
      uniforms.emplace_back(noise.at(static_cast<uint64_t>(options.first + image)));
    std::vector<int32_t> drawn(n);
    const int64_t width = alphabet == 2 ? 1 : alphabet;
    std::vector<float> logits(n * static_cast<size_t>(width));
    for (size_t t = 0; t < order.size(); ++t) {
      stepper->logits(logits.data());
      for (size_t i = 0; i < n; ++i) {
        drawn[i] =
            pick(logits.data() + static_cast<int64_t>(i) * width, alphabet, uniforms[i].next(), options.temperature);
        symbols.data<int32_t>()[piece.images[i] * positions + order[t]] = drawn[i];
      }
      stepper->observe(drawn.data());
    }
  });
  return symbols;
}

}  // namespace mlrun

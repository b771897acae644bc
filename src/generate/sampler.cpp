#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.hpp"
#include "base/random.hpp"
#include "generate/draw.hpp"
#include "generate/jacobi.hpp"

namespace mlrun {
namespace {

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

Sampler::Sampler(const AutoregressiveModel& model, const ParameterArena& parameters)
    : model_(model), parameters_(parameters) {
  for (int64_t c = 0; c < model.components(); ++c) views_.push_back(model.step_view(parameters, c));
  if (!model.conditional()) return;
  class_prior_ = model.log_class_prior(parameters);
  for (double& p : class_prior_) p = std::exp(p);
}

std::vector<int32_t> Sampler::labels(const SampleOptions& options) const {
  if (class_prior_.empty()) return {};
  if (options.label) {
    require(*options.label >= 0 && *options.label < model_.classes(), "class {} of {}", *options.label,
            model_.classes());
    return std::vector<int32_t>(static_cast<size_t>(options.count), *options.label);
  }
  const RandomStream choice(options.seed, "sample/class");
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < options.count; ++i) {
    double left = choice.uniform(static_cast<uint64_t>(options.first + i));
    size_t y = 0;
    while (y + 1 < class_prior_.size() && left >= class_prior_[y]) left -= class_prior_[y++];
    labels.push_back(static_cast<int32_t>(y));
  }
  return labels;
}

Tensor Sampler::draw(const SampleOptions& options, LanePool& pool) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  const RandomStream noise(options.seed, "sample");
  Tensor symbols({options.count, positions}, DType::kS32);
  const std::vector<Piece> pieces = pieces_of(model_, options);
  const std::vector<int32_t> classes = labels(options);
  const bool predictive = options.method == SampleMethod::kPredictive ||
                          (options.method == SampleMethod::kAuto && views_[0]->runs_parallel_view());
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    const Piece& piece = pieces[static_cast<size_t>(index)];
    const size_t n = piece.images.size();
    const std::vector<int64_t>& order = model_.order(piece.component);
    std::vector<int32_t> of_piece;
    for (const int64_t image : piece.images) {
      if (!classes.empty()) of_piece.push_back(classes[static_cast<size_t>(image)]);
    }
    std::vector<RandomStream> streams;
    for (const int64_t image : piece.images) streams.push_back(noise.at(static_cast<uint64_t>(options.first + image)));
    if (predictive) {
      const Tensor drawn = draw_by_jacobi(model_, parameters_, piece.component, streams,
                                          classes.empty() ? nullptr : of_piece.data(), options.temperature)
                               .symbols;
      for (size_t i = 0; i < n; ++i) {
        std::copy_n(drawn.data<int32_t>() + static_cast<int64_t>(i) * positions, positions,
                    symbols.data<int32_t>() + piece.images[i] * positions);
      }
      return;
    }
    const std::unique_ptr<Stepper> stepper = views_[static_cast<size_t>(piece.component)]->begin(
        static_cast<int64_t>(n), classes.empty() ? nullptr : of_piece.data());
    std::vector<Uniforms> uniforms(streams.begin(), streams.end());
    std::vector<int32_t> drawn(n);
    const int64_t width = logits_per_step(alphabet);
    std::vector<float> logits(n * static_cast<size_t>(width));
    for (size_t t = 0; t < order.size(); ++t) {
      stepper->logits(logits.data());
      for (size_t i = 0; i < n; ++i) {
        drawn[i] = draw_symbol(logits.data() + static_cast<int64_t>(i) * width, alphabet, uniforms[i].next(),
                               options.temperature);
        symbols.data<int32_t>()[piece.images[i] * positions + order[t]] = drawn[i];
      }
      stepper->observe(drawn.data());
    }
  });
  return symbols;
}

}  // namespace mlrun

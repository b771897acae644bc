#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "base/random.hpp"
#include "generate/draw.hpp"
#include "generate/jacobi.hpp"
#include "generate/predictive.hpp"
#include "generate/step_through.hpp"
#include "models/modelled.hpp"

namespace mlrun {
namespace {

struct Piece {  // images that share a component and a stepper
  int64_t component;
  std::vector<int64_t> images;
};

std::vector<Piece> pieces_of(const std::vector<int64_t>& component_of, int64_t components, int64_t batch) {
  std::vector<std::vector<int64_t>> images(static_cast<size_t>(components));
  for (size_t i = 0; i < component_of.size(); ++i) {
    images[static_cast<size_t>(component_of[i])].push_back(static_cast<int64_t>(i));
  }
  std::vector<Piece> pieces;
  for (size_t c = 0; c < images.size(); ++c) {
    for (size_t begin = 0; begin < images[c].size(); begin += static_cast<size_t>(batch)) {
      const size_t end = std::min(images[c].size(), begin + static_cast<size_t>(batch));
      pieces.push_back(
          {static_cast<int64_t>(c),
           {images[c].begin() + static_cast<ptrdiff_t>(begin), images[c].begin() + static_cast<ptrdiff_t>(end)}});
    }
  }
  return pieces;
}

int64_t known_of(const SampleOptions& options) { return options.prefix.defined() ? options.prefix.dim(1) : 0; }

// The known symbols of an image.
const int32_t* prefix_of(const SampleOptions& options, int64_t image) {
  const int64_t row = options.prefix.dim(0) == 1 ? 0 : image;
  return options.prefix.data<int32_t>() + row * options.prefix.dim(1);
}

// The index that u in [0, 1) picks with these unnormalised log-probabilities.
size_t pick(const std::vector<double>& log_weights, double u) {
  const double total = log_sum_exp(log_weights);
  double left = u;
  size_t i = 0;
  for (; i + 1 < log_weights.size(); ++i) {
    left -= std::exp(log_weights[i] - total);
    if (left < 0) break;
  }
  return i;
}

}  // namespace

Sampler::Sampler(const AutoregressiveModel& model, const ParameterArena& parameters)
    : model_(model), parameters_(parameters) {
  for (int64_t c = 0; c < model.components(); ++c) views_.push_back(model.step_view(parameters, c));
  if (!model.conditional()) return;
  class_prior_ = model.log_class_prior(parameters);
  for (double& p : class_prior_) p = std::exp(p);
}

void Sampler::require_possible(const SampleOptions& options) const {
  const int64_t positions = model_.data().positions(), known = known_of(options);
  const int64_t length = options.length > 0 ? options.length : positions;
  require(known == 0 || options.prefix.dim(0) == 1 || options.prefix.dim(0) == options.count,
          "a prefix of {} rows for {} samples", known == 0 ? 0 : options.prefix.dim(0), options.count);
  if (known >= length) {
    fail(ExitCode::kUsage, "{} symbols are known of samples of {}, so that there is nothing to draw{}", known, length,
         model_.any_length() ? "\n  longer samples   --length N" : "");
  }
  if (length > positions && !model_.any_length()) {
    fail(ExitCode::kUsage, "--length {}: this model was made for sequences of {} symbols and knows no longer ones",
         length, positions);
  }
  const int64_t in_order = length != positions ? std::min(length, positions) : std::min(known, positions);
  if (!begins_in_stored_order(model_, in_order)) {
    fail(ExitCode::kUsage,
         "this model does not visit positions in the order of the data, so that a first part of them cannot be {}\n"
         "  one that does   is trained with model.order=raster",
         known > 0 ? "given" : "drawn alone");
  }
  if (options.method == SampleMethod::kPredictive && !model_.views_share_bits()) {
    fail(
        ExitCode::kUsage,
        "predictive sampling is not for this model: the logits of all its positions at once differ in their last bits\n"
        "from those of one position after the other, so that some images would not be those of their seed\n"
        "  the images of the seed   --sampler sequential");
  }
  if (length != positions && options.method == SampleMethod::kPredictive) {
    fail(ExitCode::kUsage, "predictive sampling is of {} symbols at once, and {} are asked for", positions, length);
  }
}

Sampler::Latents Sampler::latents(const SampleOptions& options) const {
  if (known_of(options) > model_.data().given && (model_.components() > 1 || !class_prior_.empty()))
    return latents_given_prefix(options);
  Latents drawn;
  const RandomStream component(options.seed, "sample/component"), choice(options.seed, "sample/class");
  for (int64_t i = 0; i < options.count; ++i) {
    const auto number = static_cast<uint64_t>(options.first + i);
    drawn.components.push_back(
        static_cast<int64_t>(component.below(number, static_cast<uint64_t>(model_.components()))));
    if (class_prior_.empty()) continue;
    if (options.label) {
      drawn.labels.push_back(*options.label);
      continue;
    }
    double left = choice.uniform(number);
    size_t y = 0;
    while (y + 1 < class_prior_.size() && left >= class_prior_[y]) left -= class_prior_[y++];
    drawn.labels.push_back(static_cast<int32_t>(y));
  }
  return drawn;
}

// By p(component, class | prefix).
Sampler::Latents Sampler::latents_given_prefix(const SampleOptions& options) const {
  const bool conditional = !class_prior_.empty();
  std::vector<std::pair<int64_t, int32_t>> values;  // of component and class
  std::vector<std::vector<double>> log_weights;     // [rows of the prefix][values]
  log_weights.resize(static_cast<size_t>(options.prefix.dim(0)));
  for (int64_t c = 0; c < model_.components(); ++c) {
    for (int32_t y = 0; y < (conditional ? model_.classes() : 1); ++y) {
      if (conditional && options.label && *options.label != y) continue;
      values.emplace_back(c, y);
      const std::vector<double> log_p = log_likelihoods_of_prefix(options, c, y);
      const double log_prior = conditional ? std::log(class_prior_[static_cast<size_t>(y)]) : 0.0;
      for (size_t i = 0; i < log_weights.size(); ++i) log_weights[i].push_back(log_prior + log_p[i]);
    }
  }
  Latents drawn;
  const RandomStream choice(options.seed, "sample/latent");
  for (int64_t i = 0; i < options.count; ++i) {
    const std::vector<double>& of_row = log_weights[log_weights.size() == 1 ? 0 : static_cast<size_t>(i)];
    const auto [component, label] = values[pick(of_row, choice.uniform(static_cast<uint64_t>(options.first + i)))];
    drawn.components.push_back(component);
    if (conditional) drawn.labels.push_back(label);
  }
  return drawn;
}

// log p(prefix | component, class) of each row, nats, the question not counted.
std::vector<double> Sampler::log_likelihoods_of_prefix(const SampleOptions& options, int64_t component,
                                                       int32_t label) const {
  const int64_t rows = options.prefix.dim(0), known = options.prefix.dim(1), alphabet = model_.data().alphabet;
  const std::vector<int32_t> labels(static_cast<size_t>(rows), label);
  const auto stepper = views_[static_cast<size_t>(component)]->begin(rows, labels.data());
  std::vector<double> sums(static_cast<size_t>(rows));
  step_through(*stepper, rows, known, alphabet, [&](int64_t t, int64_t i, const float* logits) {
    const int32_t symbol = options.prefix.data<int32_t>()[i * known + t];
    if (t >= model_.data().given) sums[static_cast<size_t>(i)] += log_probability(logits, alphabet, symbol);
    return symbol;
  });
  return sums;
}

Sampler::Labelled Sampler::draw_labelled(const SampleOptions& options, LanePool& pool) const {
  require_possible(options);
  require(!options.label || class_prior_.empty() || (*options.label >= 0 && *options.label < model_.classes()),
          "class {} of {}", options.label.value_or(0), model_.classes());
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  const int64_t length = options.length > 0 ? options.length : positions, known = known_of(options);
  const RandomStream noise(options.seed, "sample");
  Tensor symbols({options.count, length}, DType::kS32);
  Latents latents_drawn = latents(options);
  const std::vector<Piece> pieces = pieces_of(latents_drawn.components, model_.components(), options.batch);
  const std::vector<int32_t>& classes = latents_drawn.labels;
  const bool predictive =
      options.method == SampleMethod::kPredictive || (options.method == SampleMethod::kAuto && length == positions &&
                                                      views_[0]->runs_parallel_view() && model_.views_share_bits());
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
      Tensor prefix;
      if (known > 0) {
        prefix = Tensor({static_cast<int64_t>(n), known}, DType::kS32);
        for (size_t i = 0; i < n; ++i)
          std::copy_n(prefix_of(options, piece.images[i]), known,
                      prefix.data<int32_t>() + static_cast<int64_t>(i) * known);
      }
      const Tensor drawn = draw_by_jacobi(model_, parameters_, piece.component, streams,
                                          classes.empty() ? nullptr : of_piece.data(), options.law, prefix)
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
    step_through(*stepper, static_cast<int64_t>(n), length, alphabet, [&](int64_t t, int64_t i, const float* logits) {
      const int64_t position = t < positions ? order[static_cast<size_t>(t)] : t;
      const int64_t image = piece.images[static_cast<size_t>(i)];
      const double u = uniforms[static_cast<size_t>(i)].next();  // of a known symbol too: number t is that of step t
      const int32_t symbol = t < known ? prefix_of(options, image)[t] : draw_symbol(logits, alphabet, u, options.law);
      symbols.data<int32_t>()[image * length + position] = symbol;
      return symbol;
    });
  });
  return {symbols, std::move(latents_drawn.labels)};
}

}  // namespace mlrun

// What a sampler needs to know of a sample's beginning: whether it can be, and how likely it is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"
#include "generate/cursor.hpp"
#include "generate/predictive.hpp"
#include "generate/prefix.hpp"
#include "generate/sampler.hpp"
#include "models/modelled.hpp"

namespace mlrun {

void Sampler::require_possible(const SampleOptions& options) const {
  const int64_t positions = model_.data().positions(), known = known_of(options);
  const int64_t length = options.length > 0 ? options.length : positions;
  require(known == 0 || options.prefix.dim(0) == 1 || options.prefix.dim(0) == options.count,
          "a prefix of {} rows for {} samples", known == 0 ? 0 : options.prefix.dim(0), options.count);
  if (known >= length) {
    fail(ExitCode::kUsage, "{} symbols are known of samples of {}, so that there is nothing to draw{}", known, length,
         model_.any_length() || options.law.sliding ? fmt::format("\n  longer samples   --length {}", known + positions)
                                                    : std::string());
  }
  if (length > positions && !model_.any_length() && !options.law.sliding) {
    const bool can_slide = !model_.data().is_image() && model_.data().given == 0;
    fail(ExitCode::kUsage, "--length {}: this model was made for sequences of {} symbols and knows no longer ones{}",
         length, positions,
         can_slide ? fmt::format("\n  each symbol given the last {} to {}   --slide", positions - positions / 2,
                                 positions - 1)
                   : "");
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
  if (options.draft.proposes() && (options.law.repetition != 1 || options.law.sliding)) {
    fail(ExitCode::kUsage, "--draft proposes from laws that look at the logits of one step alone, and {} looks at more",
         options.law.sliding ? "--slide" : "--repetition-penalty");
  }
  if (options.constraint && (options.draft.proposes() || options.method == SampleMethod::kPredictive)) {
    fail(ExitCode::kUsage,
         "a constraint is followed one symbol after the other, and {} is of several at once\n  without   {}",
         options.draft.proposes() ? "--draft" : "--sampler predictive",
         options.draft.proposes() ? "--draft" : "--sampler");
  }
  require(options.law.repetition == 1 || model_.data().alphabet > 2, "a repetition penalty of log-odds");
  if ((!options.stop.empty() || options.law.repetition != 1) && options.method == SampleMethod::kPredictive)
    fail(ExitCode::kUsage,
         "predictive sampling is of all symbols at once, and what a sample already has decides nothing\n  one after "
         "the other   --sampler sequential");
  if (length != positions && options.method == SampleMethod::kPredictive) {
    fail(ExitCode::kUsage, "predictive sampling is of {} symbols at once, and {} are asked for", positions, length);
  }
}

// By p(component, class | prefix).
Sampler::Latents Sampler::latents_given_prefix(const SampleOptions& options) const {
  const bool conditional = !class_prior_.empty();
  std::vector<std::pair<int64_t, int32_t>> values;  // of component and class
  std::vector<std::vector<double>> log_weights;     // [rows of the prefix][values]
  log_weights.resize(static_cast<size_t>(options.prefix.dim(0)));
  const bool asked = conditional && !options.labels.empty();
  for (int64_t c = 0; c < model_.components(); ++c) {
    for (int32_t y = 0; y < (conditional ? model_.classes() : 1); ++y) {
      if (asked && std::find(options.labels.begin(), options.labels.end(), y) == options.labels.end()) continue;
      values.emplace_back(c, y);
      const std::vector<double> log_p = log_likelihoods_of_prefix(options, c, y);
      const double log_prior =
          log_weights_[static_cast<size_t>(c)] + (conditional ? std::log(class_prior_[static_cast<size_t>(y)]) : 0.0);
      for (size_t i = 0; i < log_weights.size(); ++i) log_weights[i].push_back(log_prior + log_p[i]);
    }
  }
  Latents drawn;
  const RandomStream choice(options.seed, "sample/latent");
  for (int64_t i = 0; i < options.count; ++i) {
    const std::vector<double>& of_row = log_weights[log_weights.size() == 1 ? 0 : static_cast<size_t>(i)];
    std::vector<size_t> possible;
    std::vector<double> weights;
    for (size_t v = 0; v < values.size(); ++v) {
      if (asked && values[v].second != label_of(options, i)) continue;
      possible.push_back(v);
      weights.push_back(of_row[v]);
    }
    const size_t picked = pick_index(weights, choice.uniform(static_cast<uint64_t>(options.first + i)));
    drawn.components.push_back(values[possible[picked]].first);
    if (conditional) drawn.labels.push_back(values[possible[picked]].second);
  }
  return drawn;
}

// log p(prefix | component, class) of each row, nats, the question not counted.
std::vector<double> Sampler::log_likelihoods_of_prefix(const SampleOptions& options, int64_t component,
                                                       int32_t label) const {
  const int64_t rows = options.prefix.dim(0), known = options.prefix.dim(1), alphabet = model_.data().alphabet;
  const std::vector<int32_t> labels(static_cast<size_t>(rows), label);
  Cursor cursor([&] { return begin(options, component, rows, labels.data()); }, rows, alphabet);
  const std::vector<int32_t> symbols = known_by_position(options, rows, [](int64_t i) { return i; });
  constexpr int64_t kAtOnce = 256;
  const int64_t width = logits_per_step(alphabet);
  // Row t of a stretch: the logits before symbol begin + t.
  std::vector<float> logits(static_cast<size_t>((kAtOnce + 1) * rows * width));
  cursor.logits(logits.data());
  std::vector<double> sums(static_cast<size_t>(rows));
  for (int64_t begin = 0; begin < known; begin += kAtOnce) {
    const int64_t length = std::min(kAtOnce, known - begin);
    const int64_t asked = begin + length < known ? length : length - 1;  // the last symbol is followed by none
    cursor.extend(symbols.data() + begin * rows, asked, logits.data() + rows * width);
    for (int64_t row = 0; row < length * rows; ++row) {
      if (begin + row / rows < model_.data().given) continue;
      sums[static_cast<size_t>(row % rows)] +=
          log_probability(logits.data() + row * width, alphabet, symbols[static_cast<size_t>(begin * rows + row)]);
    }
    std::copy_n(logits.data() + asked * rows * width, rows * width, logits.data());
  }
  return sums;
}

}  // namespace mlrun

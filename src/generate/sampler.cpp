#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "base/random.hpp"
#include "generate/cursor.hpp"
#include "generate/draw.hpp"
#include "generate/jacobi.hpp"
#include "generate/predictive.hpp"
#include "generate/sliding.hpp"
#include "generate/step_through.hpp"
#include "models/modelled.hpp"

namespace mlrun {
namespace {

int64_t known_of(const SampleOptions& options) { return options.prefix.defined() ? options.prefix.dim(1) : 0; }

// The known symbols of an image.
const int32_t* prefix_of(const SampleOptions& options, int64_t image) {
  const int64_t row = options.prefix.dim(0) == 1 ? 0 : image;
  return options.prefix.data<int32_t>() + row * options.prefix.dim(1);
}

// The known symbols of `count` rows, those of the first position first: [known, count].
template <class Row>
std::vector<int32_t> known_by_position(const SampleOptions& options, int64_t count, const Row& row) {
  std::vector<int32_t> symbols;
  for (int64_t t = 0; t < known_of(options); ++t) {
    for (int64_t i = 0; i < count; ++i) symbols.push_back(prefix_of(options, row(i))[t]);
  }
  return symbols;
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
    : model_(model), parameters_(parameters), log_weights_(model.log_weights(parameters)) {
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
         model_.any_length() || options.law.sliding ? "\n  longer samples   --length N" : "");
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
  require(options.law.repetition == 1 || model_.data().alphabet > 2, "a repetition penalty of log-odds");
  if ((!options.stop.empty() || options.law.repetition != 1) && options.method == SampleMethod::kPredictive)
    fail(ExitCode::kUsage,
         "predictive sampling is of all symbols at once, and what a sample already has decides nothing\n  one after "
         "the other   --sampler sequential");
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
    drawn.components.push_back(static_cast<int64_t>(pick(log_weights_, component.uniform(number))));
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
      const double log_prior =
          log_weights_[static_cast<size_t>(c)] + (conditional ? std::log(class_prior_[static_cast<size_t>(y)]) : 0.0);
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

std::unique_ptr<Stepper> Sampler::begin(const SampleOptions& options, int64_t component, int64_t count,
                                        const int32_t* labels) const {
  const StepView& view = *views_[static_cast<size_t>(component)];
  if (options.law.sliding) return std::make_unique<SlidingStepper>(view, count, labels, model_.data());
  return view.begin(count, labels);
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

namespace {

// Images that share a component, in lots of at most `batch`: [component][lot][image].
std::vector<std::pair<int64_t, std::vector<int64_t>>> lots_of(const std::vector<int64_t>& component_of,
                                                              int64_t components, int64_t batch) {
  std::vector<std::vector<int64_t>> images(static_cast<size_t>(components));
  for (size_t i = 0; i < component_of.size(); ++i)
    images[static_cast<size_t>(component_of[i])].push_back(static_cast<int64_t>(i));
  std::vector<std::pair<int64_t, std::vector<int64_t>>> lots;
  for (size_t c = 0; c < images.size(); ++c) {
    for (size_t begin = 0; begin < images[c].size(); begin += static_cast<size_t>(batch)) {
      const size_t end = std::min(images[c].size(), begin + static_cast<size_t>(batch));
      lots.emplace_back(static_cast<int64_t>(c), std::vector<int64_t>(images[c].begin() + static_cast<ptrdiff_t>(begin),
                                                                      images[c].begin() + static_cast<ptrdiff_t>(end)));
    }
  }
  return lots;
}

int64_t length_of(const SampleOptions& options, const DataSpec& data) {
  return options.length > 0 ? options.length : data.positions();
}

// Whether the first `count` symbols of a sample end with `stop`, all of it behind the `known` ones.
bool ends_with(const int32_t* sample, int64_t count, int64_t known, const std::vector<int32_t>& stop) {
  const auto size = static_cast<int64_t>(stop.size());
  return size > 0 && count - size >= known && std::equal(stop.begin(), stop.end(), sample + count - size);
}

}  // namespace

// Images that share a component and a stepper.
struct Sampler::Piece {
  int64_t component;
  std::vector<int64_t> images;
  std::vector<int32_t> classes;  // of each; empty: the model is not conditional
  std::vector<RandomStream> streams;
  const int32_t* labels() const { return classes.empty() ? nullptr : classes.data(); }
};

void Sampler::draw_predictively(const SampleOptions& options, const Piece& piece, Labelled& to) const {
  const int64_t positions = model_.data().positions(), known = known_of(options);
  const auto n = static_cast<int64_t>(piece.images.size());
  Tensor prefix;
  if (known > 0) {
    prefix = Tensor({n, known}, DType::kS32);
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(prefix_of(options, piece.images[static_cast<size_t>(i)]), known, prefix.data<int32_t>() + i * known);
  }
  const Tensor drawn =
      draw_by_jacobi(model_, parameters_, piece.component, piece.streams, piece.labels(), options.law, prefix).symbols;
  for (int64_t i = 0; i < n; ++i) {
    std::copy_n(drawn.data<int32_t>() + i * positions, positions,
                to.symbols.data<int32_t>() + piece.images[static_cast<size_t>(i)] * positions);
  }
}

void Sampler::draw_by_steps(const SampleOptions& options, const Piece& piece, Labelled& to) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  const int64_t length = length_of(options, model_.data()), known = known_of(options);
  const auto n = static_cast<int64_t>(piece.images.size());
  const std::vector<int64_t>& order = model_.order(piece.component);
  Cursor cursor([&] { return begin(options, piece.component, n, piece.labels()); }, n, alphabet);
  std::vector<Uniforms> uniforms(piece.streams.begin(), piece.streams.end());
  std::vector<bool> ended(piece.images.size());
  std::vector<std::vector<bool>> seen;  // the symbols of each sample, where the law asks for them
  if (options.law.repetition != 1) seen.assign(piece.images.size(), std::vector<bool>(static_cast<size_t>(alphabet)));
  int64_t left = n;
  const auto put = [&](int64_t t, int64_t i, int32_t symbol) {
    const int64_t image = piece.images[static_cast<size_t>(i)];
    if (!seen.empty()) seen[static_cast<size_t>(i)][static_cast<size_t>(symbol)] = true;
    to.symbols.data<int32_t>()[image * length + (t < positions ? order[static_cast<size_t>(t)] : t)] = symbol;
    if (options.drawn) options.drawn(image, symbol);
  };
  if (known > 0) {
    const std::vector<int32_t> symbols =
        known_by_position(options, n, [&](int64_t i) { return piece.images[static_cast<size_t>(i)]; });
    for (size_t k = 0; k < symbols.size(); ++k)
      put(static_cast<int64_t>(k) / n, static_cast<int64_t>(k) % n, symbols[k]);
    for (Uniforms& u : uniforms) u.skip(known);  // number t is that of step t
    cursor.extend(symbols.data(), known, nullptr);
  }
  const auto visit = [&](int64_t step, int64_t i, const float* logits) {
    const auto at = static_cast<size_t>(i);
    const int64_t t = known + step, image = piece.images[at];
    const double u = uniforms[at].next();
    if (ended[at]) return int32_t{0};
    std::vector<float> own;
    if (!seen.empty()) logits = (own = penalised(logits, seen[at], options.law)).data();
    const int32_t symbol = draw_symbol(logits, alphabet, u, options.law);
    put(t, i, symbol);
    int32_t* sample = to.symbols.data<int32_t>() + image * length;
    if (ends_with(sample, t + 1, known, options.stop)) {
      ended[at] = true;
      to.lengths[static_cast<size_t>(image)] = t + 1;
      std::fill(sample + t + 1, sample + length, -1);
      --left;
    }
    return symbol;
  };
  step_through(cursor, n, length - known, alphabet, visit, [&left] { return left == 0; });
}

Sampler::Labelled Sampler::draw_labelled(const SampleOptions& options, LanePool& pool) const {
  require_possible(options);
  require(!options.label || class_prior_.empty() || (*options.label >= 0 && *options.label < model_.classes()),
          "class {} of {}", options.label.value_or(0), model_.classes());
  const int64_t length = length_of(options, model_.data());
  const RandomStream noise(options.seed, "sample");
  Latents drawn = latents(options);
  std::vector<Piece> pieces;
  int64_t batch = options.batch;
  for (const auto& view : views_)
    if (const int64_t at_once = view->sequences_at_once(); at_once > 0) batch = std::min(batch, at_once);
  for (auto& [component, images] : lots_of(drawn.components, model_.components(), batch)) {
    Piece piece = {component, std::move(images), {}, {}};
    for (const int64_t image : piece.images) {
      if (!drawn.labels.empty()) piece.classes.push_back(drawn.labels[static_cast<size_t>(image)]);
      piece.streams.push_back(noise.at(static_cast<uint64_t>(options.first + image)));
    }
    pieces.push_back(std::move(piece));
  }
  Labelled result = {Tensor({options.count, length}, DType::kS32), std::move(drawn.labels), {}};
  if (!options.stop.empty()) result.lengths.assign(static_cast<size_t>(options.count), length);
  const bool whole =
      length == model_.data().positions() && options.stop.empty() && !options.drawn && options.law.repetition == 1;
  const bool slow_steps =
      std::any_of(views_.begin(), views_.end(), [](const auto& view) { return view->runs_parallel_view(); });
  const bool predictive = options.method == SampleMethod::kPredictive ||
                          (options.method == SampleMethod::kAuto && whole && slow_steps && model_.views_share_bits());
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    const Piece& piece = pieces[static_cast<size_t>(index)];
    if (predictive) draw_predictively(options, piece, result);
    else draw_by_steps(options, piece, result);
  });
  return result;
}

}  // namespace mlrun

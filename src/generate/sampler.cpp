#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

#include "base/error.hpp"
#include "base/random.hpp"
#include "generate/constrained.hpp"
#include "generate/cursor.hpp"
#include "generate/draw.hpp"
#include "generate/jacobi.hpp"
#include "generate/prefix.hpp"
#include "generate/sliding.hpp"
#include "generate/step_through.hpp"

namespace mlrun {

Sampler::Sampler(const AutoregressiveModel& model, const ParameterArena& parameters)
    : model_(model), parameters_(parameters), log_weights_(model.log_weights(parameters)) {
  for (int64_t c = 0; c < model.components(); ++c) views_.push_back(model.step_view(parameters, c));
  if (!model.conditional()) return;
  class_prior_ = model.log_class_prior(parameters);
  for (double& p : class_prior_) p = std::exp(p);
}

Sampler::Latents Sampler::latents(const SampleOptions& options) const {
  if (known_of(options) > model_.data().given && (model_.components() > 1 || !class_prior_.empty()))
    return latents_given_prefix(options);
  Latents drawn;
  const RandomStream component(options.seed, "sample/component"), choice(options.seed, "sample/class");
  for (int64_t i = 0; i < options.count; ++i) {
    const auto number = static_cast<uint64_t>(options.first + i);
    drawn.components.push_back(static_cast<int64_t>(pick_index(log_weights_, component.uniform(number))));
    if (class_prior_.empty()) continue;
    if (!options.labels.empty()) {
      drawn.labels.push_back(label_of(options, i));
      continue;
    }
    double left = choice.uniform(number);
    size_t y = 0;
    while (y + 1 < class_prior_.size() && left >= class_prior_[y]) left -= class_prior_[y++];
    drawn.labels.push_back(static_cast<int32_t>(y));
  }
  return drawn;
}

std::unique_ptr<Stepper> Sampler::begin(const SampleOptions& options, int64_t component, int64_t count,
                                        const int32_t* labels) const {
  const StepView& view = *views_[static_cast<size_t>(component)];
  if (options.law.sliding) return std::make_unique<SlidingStepper>(view, count, labels, model_.data());
  return view.begin(count, labels);
}

namespace {

// A step of one sequence costs something beside its products.
constexpr double kBesideProducts = 10000;
double products_of(const StepView& view, const AutoregressiveModel& model, const ParameterArena& parameters) {
  if (const double counted = view.products_per_step(); counted > 0) return kBesideProducts + counted;
  const auto all = static_cast<double>(parameters.parameter_count());
  return kBesideProducts + (view.runs_parallel_view() ? all * static_cast<double>(model.data().positions()) : all);
}

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
      lots.emplace_back(static_cast<int64_t>(c),
                        std::vector<int64_t>(images[c].begin() + static_cast<std::ptrdiff_t>(begin),
                                             images[c].begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }
  return lots;
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
  const StepView* draft;  // null: none
  std::vector<int64_t> images;
  std::vector<int32_t> classes;  // of each; empty: the model is not conditional
  std::vector<RandomStream> streams;
  SpeculationCounts counts;
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
  std::vector<ConstrainedWalk> walks;
  if (options.constraint) walks.assign(piece.images.size(), {*options.constraint, length - known, alphabet});
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
    const int32_t symbol =
        walks.empty() ? draw_symbol(logits, alphabet, u, options.law) : walks[at].draw(logits, u, options.law);
    if (symbol >= 0) put(t, i, symbol);
    int32_t* sample = to.symbols.data<int32_t>() + image * length;
    const int64_t size = symbol >= 0 ? t + 1 : t;
    if (ends_with(sample, size, known, options.stop) || (!walks.empty() && walks[at].finished())) {
      ended[at] = true;
      to.lengths[static_cast<size_t>(image)] = size;
      std::fill(sample + size, sample + length, -1);
      --left;
    }
    return std::max(symbol, int32_t{0});
  };
  step_through(cursor, n, length - known, alphabet, visit, [&left] { return left == 0; });
  for (size_t i = 0; i < walks.size(); ++i)
    to.log_allowed[static_cast<size_t>(piece.images[i])] = walks[i].log_allowed();
}

void Sampler::draw_by_draft(const SampleOptions& options, Piece& piece, Labelled& to) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet, image = piece.images[0];
  const int64_t length = length_of(options, model_.data()), known = known_of(options);
  const std::vector<int64_t>& order = model_.order(piece.component);
  const int32_t* labels = piece.labels();
  Cursor model([&] { return begin(options, piece.component, 1, labels); }, 1, alphabet);
  const StepView& view = *views_[static_cast<size_t>(piece.component)];
  const double of_step = products_of(view, model_, parameters_);
  std::unique_ptr<Cursor> draft;
  std::unique_ptr<Proposer> proposer;
  if (options.draft.heads) {
    proposer = std::make_unique<OwnHeads>(model, model_.heads());
  } else {
    draft = std::make_unique<Cursor>(
        [&] { return piece.draft->begin(1, options.draft.model->conditional() ? labels : nullptr); }, 1, alphabet);
    proposer = std::make_unique<DraftModel>(*draft);
  }
  SpeculativeJob job = {
      .alphabet = alphabet,
      .length = length,
      .known = known_by_position(options, 1, [image](int64_t) { return image; }),
      .uniforms = piece.streams[0],
      .draft_uniforms = RandomStream(options.seed, "sample/draft").at(static_cast<uint64_t>(options.first + image)),
      .law = options.law,
      .ahead = options.draft.ahead,
      .draft_cost = (options.draft.heads ? view.products_per_head() + kBesideProducts
                                         : products_of(*piece.draft, *options.draft.model, *options.draft.parameters)) /
                    of_step};
  int32_t* sample = to.symbols.data<int32_t>() + image * length;
  const auto put = [&](int64_t t, int32_t symbol) {
    sample[t < positions ? order[static_cast<size_t>(t)] : t] = symbol;
    if (options.drawn) options.drawn(image, symbol);
    if (t < known || !ends_with(sample, t + 1, known, options.stop)) return false;
    to.lengths[static_cast<size_t>(image)] = t + 1;
    std::fill(sample + t + 1, sample + length, -1);
    return true;
  };
  for (int64_t t = 0; t < known; ++t) put(t, job.known[static_cast<size_t>(t)]);
  piece.counts = draw_speculatively(model, *proposer, job, put);
}

Sampler::Labelled Sampler::draw_labelled(const SampleOptions& options, LanePool& pool) const {
  require_possible(options);
  const size_t labels = class_prior_.empty() ? 0 : options.labels.size();
  require(labels <= 1 || labels == static_cast<size_t>(options.count), "{} labels for {} samples", labels,
          options.count);
  for (size_t i = 0; i < labels; ++i)
    require(options.labels[i] >= 0 && options.labels[i] < model_.classes(), "class {} of {}", options.labels[i],
            model_.classes());
  return options.ranks.several() ? draw_together(options, pool) : draw_alone(options, pool);
}

// Room for what is drawn, where only what is asked for has any.
Sampler::Labelled Sampler::unfilled(const SampleOptions& options) const {
  const auto count = static_cast<size_t>(options.count);
  const int64_t length = length_of(options, model_.data());
  Labelled result;
  result.symbols = Tensor({options.count, length}, DType::kS32);
  if (!class_prior_.empty()) result.labels.resize(count);
  if (!options.stop.empty() || options.constraint) result.lengths.assign(count, length);
  if (options.constraint) result.log_allowed.resize(count);
  return result;
}

Sampler::Labelled Sampler::draw_together(const SampleOptions& options, LanePool& pool) const {
  require(!options.drawn, "samples of several ranks that somebody reads along");
  Ranks& ranks = options.ranks;
  const Range own = own_share(ranks, options.count);
  Labelled all = unfilled(options), mine;
  if (own.size() > 0) {
    SampleOptions part = options;
    part.first += own.begin;
    part.count = own.size();
    if (options.labels.size() > 1) part.labels = {options.labels.begin() + own.begin, options.labels.begin() + own.end};
    if (options.prefix.defined() && options.prefix.dim(0) > 1) part.prefix = options.prefix.rows(own.begin, own.end);
    mine = draw_alone(part, pool);
    const int64_t length = all.symbols.dim(1);
    std::copy_n(mine.symbols.data<int32_t>(), mine.symbols.count(), all.symbols.data<int32_t>() + own.begin * length);
  }
  const auto put_together = [&](const auto& of_part, auto& of_all_samples) {
    std::copy(of_part.begin(), of_part.end(), of_all_samples.begin() + own.begin);
    if (!of_all_samples.empty())
      all_gather_shares(ranks, options.count, of_all_samples.data(), [](int64_t sample) { return sample; });
  };
  all_gather_shares(ranks, options.count, all.symbols.data<int32_t>(),
                    [&](int64_t sample) { return sample * all.symbols.dim(1); });
  put_together(mine.labels, all.labels);
  put_together(mine.lengths, all.lengths);
  put_together(mine.log_allowed, all.log_allowed);
  for (const SpeculationCounts& of_rank : of_all(ranks, mine.speculation)) all.speculation.add(of_rank);
  return all;
}

Sampler::Labelled Sampler::draw_alone(const SampleOptions& options, LanePool& pool) const {
  const int64_t length = length_of(options, model_.data());
  const RandomStream noise(options.seed, "sample");
  Latents drawn = latents(options);
  std::vector<Piece> pieces;
  int64_t batch = options.batch;
  for (const auto& view : views_)
    if (const int64_t at_once = view->sequences_at_once(); at_once > 0) batch = std::min(batch, at_once);
  std::vector<int64_t> of_draft;
  std::vector<std::unique_ptr<StepView>> drafts;  // by the draft's component
  if (options.draft.proposes()) batch = 1;        // each goes its own way
  if (options.draft.model) {
    of_draft = components_of_draft(model_, *options.draft.model, length);
    for (int64_t c = 0; c < options.draft.model->components(); ++c)
      drafts.push_back(options.draft.model->step_view(*options.draft.parameters, c));
  }
  for (auto& [component, images] : lots_of(drawn.components, model_.components(), batch)) {
    Piece piece = {component, nullptr, std::move(images), {}, {}, {}};
    if (options.draft.model) piece.draft = drafts[static_cast<size_t>(of_draft[static_cast<size_t>(component)])].get();
    for (const int64_t image : piece.images) {
      if (!drawn.labels.empty()) piece.classes.push_back(drawn.labels[static_cast<size_t>(image)]);
      piece.streams.push_back(noise.at(static_cast<uint64_t>(options.first + image)));
    }
    pieces.push_back(std::move(piece));
  }
  Labelled result = unfilled(options);
  result.labels = std::move(drawn.labels);
  const bool whole = length == model_.data().positions() && options.stop.empty() && !options.drawn &&
                     options.law.repetition == 1 && !options.constraint;
  const bool slow_steps =
      std::any_of(views_.begin(), views_.end(), [](const auto& view) { return view->runs_parallel_view(); });
  const bool predictive = options.method == SampleMethod::kPredictive ||
                          (options.method == SampleMethod::kAuto && whole && slow_steps && model_.views_share_bits());
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    Piece& piece = pieces[static_cast<size_t>(index)];
    if (options.draft.proposes()) draw_by_draft(options, piece, result);
    else if (predictive) draw_predictively(options, piece, result);
    else draw_by_steps(options, piece, result);
  });
  for (const Piece& piece : pieces) result.speculation.add(piece.counts);
  return result;
}

}  // namespace mlrun

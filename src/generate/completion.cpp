#include "generate/completion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "base/random.hpp"
#include "generate/completion_order.hpp"
#include "generate/cursor.hpp"
#include "generate/draw.hpp"
#include "generate/predictive.hpp"
#include "generate/step_through.hpp"

namespace mlrun {
namespace {

// The latent that the uniform u picks for image i from log weights [latents][n].
size_t pick_latent(const std::vector<std::vector<double>>& log_weights, size_t i, double u) {
  std::vector<double> terms;
  for (const auto& of_latent : log_weights) terms.push_back(of_latent[i]);
  const double total = log_sum_exp(terms);
  for (size_t l = 0; l < log_weights.size(); ++l) {
    u -= std::exp(terms[l] - total);
    if (u < 0) return l;
  }
  return log_weights.size() - 1;
}

struct Job {  // one completion
  int64_t image, row;
  int32_t label;
  RandomStream noise;
};

}  // namespace

Completer::Completer(const AutoregressiveModel& model, const ParameterArena& parameters, const Region& region)
    : model_(model),
      parameters_(parameters),
      known_(region.known),
      known_count_(region.known_count()),
      orders_(completion_orders(model, region)),
      log_weights_(model.log_weights(parameters)),
      log_class_prior_(model.conditional() ? model.log_class_prior(parameters) : std::vector<double>(1)) {
  for (size_t c = 0; c < orders_.size(); ++c) {
    views_.push_back(model.any_order() ? model.step_view_in(parameters, orders_[c])
                                       : model.step_view(parameters, static_cast<int64_t>(c)));
  }
}

// Of the first `steps` symbols, which are at least the known ones.
std::vector<Completer::LogLikelihood> Completer::log_likelihoods(const Tensor& symbols,
                                                                 const std::vector<int32_t>& labels, int64_t component,
                                                                 int64_t steps) const {
  const int64_t n = symbols.dim(0), d = symbols.dim(1), alphabet = model_.data().alphabet;
  const int64_t width = logits_per_step(alphabet);
  const std::vector<int64_t>& order = orders_[static_cast<size_t>(component)];
  std::vector<LogLikelihood> sums(static_cast<size_t>(n));
  const auto add = [&](int64_t i, int64_t t, const float* logits) {
    const int32_t symbol = symbols.data<int32_t>()[i * d + order[static_cast<size_t>(t)]];
    LogLikelihood& of_image = sums[static_cast<size_t>(i)];
    of_image.all += log_probability(logits, alphabet, symbol);
    if (t + 1 == known_count_) of_image.known = of_image.all;
  };
  if (model_.any_order()) {  // the parallel view has other orders
    const auto stepper = views_[static_cast<size_t>(component)]->begin(n, labels.empty() ? nullptr : labels.data());
    step_through(*stepper, n, steps, alphabet, [&](int64_t t, int64_t i, const float* logits) {
      add(i, t, logits);
      return symbols.data<int32_t>()[i * d + order[static_cast<size_t>(t)]];
    });
    return sums;
  }
  constexpr int64_t kMostAtOnce = 100;
  const int64_t at_once = model_.examples_at_once() > 0 ? model_.examples_at_once() : kMostAtOnce;
  for (int64_t begin = 0; begin < n; begin += at_once) {
    const int64_t end = std::min(n, begin + at_once);
    Batch part = {symbols.rows(begin, end), {}};
    if (!labels.empty()) {
      part.labels = Tensor::of({end - begin}, std::vector<int32_t>(labels.begin() + begin, labels.begin() + end));
    }
    Pass pass(parameters_);
    const Tensor logits = model_.logits(pass, model_.ordered(part, component), component).value();
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t t = 0; t < steps; ++t) add(i, t, logits.data<float>() + ((i - begin) * d + t) * width);
    }
  }
  return sums;
}

std::vector<std::vector<double>> Completer::log_weights(const Tensor& images, const std::vector<int32_t>& labels,
                                                        LanePool& pool, Ranks& ranks) const {
  const int64_t n = images.dim(0), d = images.dim(1);
  Tensor hidden = images.clone();  // what is unknown must not decide
  for (int64_t i = 0; i < hidden.count(); ++i) {
    if (known_[static_cast<size_t>(i % d)] == 0) hidden.data<int32_t>()[i] = 0;
  }
  const auto components = static_cast<int64_t>(orders_.size());
  const auto classes = labels.empty() ? static_cast<int64_t>(log_class_prior_.size()) : 1;
  std::vector<std::vector<double>> weights(static_cast<size_t>(components * classes),
                                           std::vector<double>(static_cast<size_t>(n)));
  if (weights.size() == 1) return weights;
  // The new orders of a model of every order are the same as far as the known part goes.
  const int64_t different = model_.any_order() ? 1 : components;
  if (different * classes > 1) {
    std::vector<double> found(static_cast<size_t>(different * classes * n));
    run_share(ranks, pool, different * classes, [&](int64_t latent) {
      std::vector<int32_t> of_images = labels;
      if (model_.conditional() && labels.empty())
        of_images.assign(static_cast<size_t>(n), static_cast<int32_t>(latent % classes));
      const auto sums = log_likelihoods(hidden, of_images, latent / classes, known_count_);
      for (size_t i = 0; i < sums.size(); ++i) {
        found[static_cast<size_t>(latent * n) + i] =
            log_weights_[static_cast<size_t>(latent / classes)] + sums[i].known +
            (labels.empty() ? log_class_prior_[static_cast<size_t>(latent % classes)] : 0);
      }
    });
    all_gather_shares(ranks, different * classes, found.data(), [&](int64_t latent) { return latent * n; });
    for (int64_t latent = 0; latent < different * classes; ++latent)
      std::copy_n(found.begin() + latent * n, n, weights[static_cast<size_t>(latent)].begin());
  }
  for (auto latent = static_cast<size_t>(different * classes); latent < weights.size(); ++latent) {
    weights[latent] = weights[latent % static_cast<size_t>(classes)];
  }
  return weights;
}

Tensor Completer::draw(const Tensor& images, const std::vector<int64_t>& numbers, const std::vector<int32_t>& labels,
                       const CompletionOptions& options, LanePool& pool) const {
  const int64_t n = images.dim(0), d = images.dim(1), alphabet = model_.data().alphabet;
  require(static_cast<int64_t>(numbers.size()) == n && (labels.empty() || numbers.size() == labels.size()),
          "{} images with {} numbers and {} labels", n, numbers.size(), labels.size());
  const auto weights = log_weights(images, labels, pool, options.ranks);
  const size_t classes = labels.empty() ? log_class_prior_.size() : 1;
  const RandomStream noise(options.seed, "complete"), choice(options.seed, "complete/latent");
  const Range own = own_share(options.ranks, n * options.per_image);  // completions that this rank draws
  std::vector<std::vector<Job>> by_component(orders_.size());
  for (int64_t i = 0; i < n; ++i) {
    const auto image = static_cast<size_t>(i);
    const RandomStream of_image = noise.at(static_cast<uint64_t>(numbers[image]));
    for (int64_t k = 0; k < options.per_image; ++k) {
      const int64_t row = i * options.per_image + k;
      if (row < own.begin || row >= own.end) continue;
      const double u = choice.at(static_cast<uint64_t>(numbers[image])).uniform(static_cast<uint64_t>(k));
      const size_t latent = pick_latent(weights, image, u);
      by_component[latent / classes].push_back({i, row,
                                                labels.empty() ? static_cast<int32_t>(latent % classes) : labels[image],
                                                of_image.at(static_cast<uint64_t>(k))});
    }
  }
  struct Piece {
    size_t component, begin, end;
  };
  std::vector<Piece> pieces;
  for (size_t c = 0; c < by_component.size(); ++c) {
    for (size_t begin = 0; begin < by_component[c].size(); begin += static_cast<size_t>(options.batch)) {
      pieces.push_back({c, begin, std::min(by_component[c].size(), begin + static_cast<size_t>(options.batch))});
    }
  }
  Tensor drawn({n * options.per_image, d}, DType::kS32);
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    const auto [component, begin, end] = pieces[static_cast<size_t>(index)];
    const std::vector<int64_t>& order = orders_[component];
    const std::vector<Job> jobs(by_component[component].begin() + static_cast<std::ptrdiff_t>(begin),
                                by_component[component].begin() + static_cast<std::ptrdiff_t>(end));
    std::vector<int32_t> of_jobs;
    std::vector<Uniforms> uniforms;
    for (const Job& job : jobs) {
      of_jobs.push_back(job.label);
      uniforms.emplace_back(job.noise);
    }
    const auto count = static_cast<int64_t>(jobs.size());
    Cursor cursor(
        [&, c = component] { return views_[c]->begin(count, model_.conditional() ? of_jobs.data() : nullptr); }, count,
        alphabet);
    const auto put = [&](int64_t position, const Job& job, int32_t symbol) {
      drawn.data<int32_t>()[job.row * d + position] = symbol;
    };
    std::vector<int32_t> known;
    for (int64_t t = 0; t < known_count_; ++t) {
      const int64_t position = order[static_cast<size_t>(t)];
      for (const Job& job : jobs) {
        known.push_back(images.data<int32_t>()[job.image * d + position]);
        put(position, job, known.back());
      }
    }
    cursor.extend(known.data(), known_count_, nullptr);
    step_through(cursor, count, d - known_count_, alphabet, [&](int64_t step, int64_t i, const float* logits) {
      const auto j = static_cast<size_t>(i);
      const int32_t symbol = draw_symbol(logits, alphabet, uniforms[j].next(), options.law);
      put(order[static_cast<size_t>(known_count_ + step)], jobs[j], symbol);
      return symbol;
    });
  });
  all_gather_shares(options.ranks, n * options.per_image, drawn.data<int32_t>(), [&](int64_t row) { return row * d; });
  return drawn;
}

RegionNll Completer::nll(const Batch& batch) const {
  const auto n = static_cast<size_t>(batch.count());
  const bool labelled = model_.conditional() && batch.labels.defined();
  // Of each image, log p of what is known and of all of it, by component and class.
  std::vector<std::vector<double>> known(n), all(n), known_labelled(n), all_labelled(n);
  for (size_t c = 0; c < orders_.size(); ++c) {
    for (size_t y = 0; y < log_class_prior_.size(); ++y) {
      const std::vector<int32_t> labels(model_.conditional() ? n : 0, static_cast<int32_t>(y));
      const auto sums = log_likelihoods(batch.symbols, labels, static_cast<int64_t>(c), batch.symbols.dim(1));
      for (size_t i = 0; i < n; ++i) {
        const double weight = log_weights_[c];
        known[i].push_back(weight + log_class_prior_[y] + sums[i].known);
        all[i].push_back(weight + log_class_prior_[y] + sums[i].all);
        if (!labelled || batch.labels.data<int32_t>()[i] != static_cast<int32_t>(y)) continue;
        known_labelled[i].push_back(weight + sums[i].known);
        all_labelled[i].push_back(weight + sums[i].all);
      }
    }
  }
  RegionNll nll;
  for (size_t i = 0; i < n; ++i) {
    nll.unlabelled.push_back(log_sum_exp(known[i]) - log_sum_exp(all[i]));
    if (labelled) nll.labelled.push_back(log_sum_exp(known_labelled[i]) - log_sum_exp(all_labelled[i]));
  }
  return nll;
}

}  // namespace mlrun

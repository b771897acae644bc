// -log p of own samples and the entropy along them.
//
// For x drawn from p, both -log p(x) and sum_t H(p(. | x_<t)) have the entropy of p as their mean, and their difference
// is a martingale. A parallel view that sees what it should not, or another law than the step view's, moves the first
// and not the second.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "generate/draw.hpp"
#include "generate/predictive.hpp"
#include "generate/sampler.hpp"
#include "generate/step_through.hpp"
#include "proof/batch.hpp"

namespace mlrun {
namespace {

constexpr int64_t kSamples = 128, kFewest = 16, kMostTogether = 32;
constexpr double kStandardErrors = 4;

struct Drawn {
  Batch batch;
  std::vector<double> entropy;   // of each row, nats
  std::vector<double> variance;  // of each row: the expected square of the difference of -log p and `entropy`
};

// questions: rows whose given symbols are taken in turn; null: these symbols are drawn as well.
Drawn draw(const AutoregressiveModel& model, const StepView& view, int64_t component, int64_t first, int64_t count,
           const RandomStream& noise, const Tensor* questions) {
  const DataSpec& data = model.data();
  Drawn drawn;
  drawn.batch.symbols = Tensor({count, data.positions()}, DType::kS32);
  if (model.conditional()) {
    drawn.batch.labels = Tensor({count}, DType::kS32);
    for (int64_t i = 0; i < count; ++i)
      drawn.batch.labels.data<int32_t>()[i] = static_cast<int32_t>((first + i) % model.classes());
  }
  drawn.entropy.assign(static_cast<size_t>(count), 0.0);
  drawn.variance = drawn.entropy;
  const std::unique_ptr<Stepper> stepper = view.begin(count, labels_or_null(drawn.batch));
  const std::vector<int64_t>& order = model.order(component);
  const auto steps = static_cast<int64_t>(order.size());
  step_through(*stepper, count, steps, data.alphabet, [&](int64_t t, int64_t i, const float* logits) {
    const int64_t position = order[static_cast<size_t>(t)];
    int32_t& symbol = drawn.batch.symbols.data<int32_t>()[i * data.positions() + position];
    if (questions && t < data.given) {
      symbol = questions->data<int32_t>()[(first + i) % questions->dim(0) * data.positions() + position];
    } else {
      drawn.entropy[static_cast<size_t>(i)] += predictive_entropy(logits, data.alphabet);
      drawn.variance[static_cast<size_t>(i)] += surprise_variance(logits, data.alphabet);
      const double u = noise.at(static_cast<uint64_t>(first + i)).uniform(static_cast<uint64_t>(t));
      symbol = draw_symbol(logits, data.alphabet, u, {});
    }
    return symbol;
  });
  return drawn;
}

RandomStream sample_noise(uint64_t seed, int64_t component) {
  return RandomStream(seed, "prove/sample").at(static_cast<uint64_t>(component));
}

// -log p(x) of the component, in nats: from its logits, or by nll() where that is about this component and nothing else.
std::vector<double> nll_of(const ProofSubject& subject, const Batch& batch, int64_t component) {
  if (subject.model.components() > 1 || subject.model.condition() == Condition::kJoint) {
    std::vector<double> nll = log_probabilities(subject, batch, component);
    for (double& x : nll) x = -x;
    return nll;
  }
  return subject.model.nll(subject.parameters, batch);
}

// Compares the means of -log p and of the entropy over samples, nats. variance: the expected square of their difference.
ProofCheck compared(const char* name, const char* samples, const std::vector<double>& nll,
                    const std::vector<double>& entropy, const std::vector<double>& variance) {
  const auto n = static_cast<double>(nll.size());
  double mean = 0, squares = 0;
  for (size_t i = 0; i < nll.size(); ++i) mean += (nll[i] - entropy[i]) / n;
  for (size_t i = 0; i < nll.size(); ++i) squares += std::pow(nll[i] - entropy[i] - mean, 2);
  // A nearly certain model is surprised so rarely that its samples may show no surprise and no spread at all: the
  // predictions along them tell the spread that there is.
  const double expected = std::accumulate(variance.begin(), variance.end(), 0.0);
  const double error = std::max(std::sqrt(squares / (n - 1) / n), std::sqrt(expected) / n);
  // A model that is certain of everything has no spread, and roundings alone are left.
  const double off = std::abs(mean) / std::max(error, 1e-3);
  ProofCheck check = {name, off < kStandardErrors, off, kStandardErrors, {}};
  check.finding = fmt::format("{} {}: -log p is {:.3f} nats, entropy along the steps {:.3f} (+- {:.3f})", nll.size(),
                              samples, std::accumulate(nll.begin(), nll.end(), 0.0) / n,
                              std::accumulate(entropy.begin(), entropy.end(), 0.0) / n, error);
  if (!check.pass) check.finding += "; what is evaluated is not the law of the samples";
  return check;
}

}  // namespace

Batch own_samples(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t count, uint64_t seed) {
  return draw(model, *model.step_view(parameters, 0), 0, 0, count, sample_noise(seed, 0), nullptr).batch;
}

ProofCheck check_entropy(const ProofSubject& subject) {
  std::vector<std::unique_ptr<StepView>> views;
  for (const int64_t component : subject.components)
    views.push_back(subject.model.step_view(subject.parameters, component));
  const int64_t samples = affordable(subject, kSamples, kFewest), together = std::min(samples, kMostTogether);
  const int64_t batches = (samples + together - 1) / together;
  const auto components = static_cast<int64_t>(subject.components.size());
  std::vector<double> nll(static_cast<size_t>(components * samples)), entropy(nll.size()), variance(nll.size());
  run_share(subject.ranks, subject.pool, components * batches, [&](int64_t index) {
    const int64_t which = index / batches, begin = index % batches * together;
    const int64_t component = subject.components[static_cast<size_t>(which)];
    const Drawn drawn =
        draw(subject.model, *views[static_cast<size_t>(which)], component, begin, std::min(together, samples - begin),
             sample_noise(subject.seed, component), &subject.rows.symbols);
    const std::vector<double> part = nll_of(subject, drawn.batch, component);
    std::copy(part.begin(), part.end(), nll.begin() + which * samples + begin);
    std::copy(drawn.entropy.begin(), drawn.entropy.end(), entropy.begin() + which * samples + begin);
    std::copy(drawn.variance.begin(), drawn.variance.end(), variance.begin() + which * samples + begin);
  });
  for (auto* figures : {&nll, &entropy, &variance})
    all_gather_shares(subject.ranks, components * batches, figures->data(), [&](int64_t index) {
      return index / batches * samples + std::min(samples, index % batches * together);
    });
  return compared("entropy of samples", "own samples", nll, entropy, variance);
}

std::vector<ProofCheck> check_heads(const ProofSubject& subject) {
  const AutoregressiveModel& model = subject.model;
  const DataSpec& data = model.data();
  if (model.heads() == 0 || data.given > 0) return {};
  const SampleOptions options = {
      .count = kSamples, .seed = subject.seed, .draft = {.heads = true}, .ranks = subject.ranks};
  const auto drawn = Sampler(model, subject.parameters).draw_labelled(options, subject.pool);
  Batch all;
  all.symbols = drawn.symbols;
  if (model.conditional()) all.labels = Tensor::of({kSamples}, drawn.labels);
  std::vector<double> nll(kSamples), entropy(kSamples), variance(kSamples);
  const int64_t width = logits_per_step(data.alphabet), of_row = data.positions() * width;
  run_share(subject.ranks, subject.pool, kSamples / kMostTogether, [&](int64_t index) {
    const int64_t begin = index * kMostTogether;
    const Batch batch = all.slice(begin, begin + kMostTogether);
    const std::vector<double> part = nll_of(subject, batch, 0);
    std::copy(part.begin(), part.end(), nll.begin() + begin);
    Pass pass(subject.parameters);
    const Tensor logits = model.logits(pass, model.ordered(batch), 0).value();
    for (int64_t i = 0; i < kMostTogether * of_row; i += width) {
      const auto row = static_cast<size_t>(begin + i / of_row);
      entropy[row] += predictive_entropy(logits.data<float>() + i, data.alphabet);
      variance[row] += surprise_variance(logits.data<float>() + i, data.alphabet);
    }
  });
  for (auto* figures : {&nll, &entropy, &variance})
    all_gather_shares(subject.ranks, kSamples / kMostTogether, figures->data(),
                      [](int64_t index) { return index * kMostTogether; });
  return {compared("entropy of drafts", "samples that its heads drafted", nll, entropy, variance)};
}

}  // namespace mlrun

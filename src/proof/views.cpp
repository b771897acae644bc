// The step view gives the logits of the parallel view, and nll() is what the logits say.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "generate/step_through.hpp"
#include "proof/batch.hpp"

namespace mlrun {
namespace {

constexpr int64_t kRows = 8;
constexpr double kLogitTolerance = 1e-4;  // of max(1, |logit|): some hundred roundings of float32
constexpr double kNllTolerance = 1e-5;    // nats per nat, and never less than 1e-3 nats

struct Difference {
  double largest = 0;
  int64_t component = 0, step = 0, infinite = 0;
};

Difference compare_views(const ProofSubject& subject, const Batch& batch, int64_t component) {
  const int64_t n = batch.count(), d = subject.model.data().positions();
  const int64_t width = logits_per_step(subject.model.data().alphabet);
  const Tensor parallel = parallel_logits(subject, batch, component),
               symbols = subject.model.ordered(batch, component).symbols;
  const std::unique_ptr<StepView> view = subject.model.step_view(subject.parameters, component);
  const std::unique_ptr<Stepper> stepper = view->begin(n, labels_or_null(batch));
  Difference found;
  found.component = component;
  step_through(*stepper, n, d, subject.model.data().alphabet, [&](int64_t t, int64_t i, const float* step) {
    for (int64_t k = 0; k < width; ++k) {
      const auto a = static_cast<double>(parallel.data<float>()[(i * d + t) * width + k]),
                 b = static_cast<double>(step[k]);
      if (!std::isfinite(a) || !std::isfinite(b)) {
        ++found.infinite;
        continue;
      }
      // Over a question there is no law: what is said there is neither trained nor used.
      if (t < subject.model.data().given) continue;
      if (const double off = std::abs(a - b) / std::max(1.0, std::abs(a)); off > found.largest) {
        found.largest = off;
        found.step = t;
      }
    }
    return symbols.data<int32_t>()[i * d + t];
  });
  return found;
}

}  // namespace

std::vector<ProofCheck> check_views(const ProofSubject& subject) {
  const Batch batch = subject.rows.slice(0, std::min(kRows, subject.rows.count()));
  std::vector<Difference> found(subject.components.size());
  const auto components = static_cast<int64_t>(found.size());
  run_share(subject.ranks, subject.pool, components, [&](int64_t i) {
    found[static_cast<size_t>(i)] = compare_views(subject, batch, subject.components[static_cast<size_t>(i)]);
  });
  all_gather_shares(subject.ranks, components, found.data(), [](int64_t i) { return i; });
  int64_t infinite = 0;
  Difference worst;
  for (const Difference& f : found) {
    infinite += f.infinite;
    if (f.largest > worst.largest) worst = f;
  }
  const int64_t logits =
      components * batch.count() * subject.model.data().positions() * logits_per_step(subject.model.data().alphabet);
  ProofCheck finite = {"finite logits", infinite == 0, static_cast<double>(infinite), 0, {}};
  finite.finding = fmt::format("{} logits of both views", 2 * logits);
  ProofCheck equal = {"parallel == step", worst.largest <= kLogitTolerance, worst.largest, kLogitTolerance, {}};
  equal.finding = fmt::format("{} rows step by step: largest |a - b| / max(1, |a|)", batch.count());
  if (!equal.pass) {
    equal.finding += fmt::format(
        ", at step {} of component {}: samples and codes come from another law than the one that is evaluated",
        worst.step, worst.component);
  }
  return {finite, equal};
}

ProofCheck check_nll(const ProofSubject& subject) {
  const int64_t rows = std::min(subject.rows.count(), affordable(subject, rows_at_a_time(subject.model.data()), 4));
  const Batch batch = subject.rows.slice(0, rows);
  const int64_t components = subject.model.components();
  std::vector<double> log_p(static_cast<size_t>(components * rows));  // [component, row]
  run_share(subject.ranks, subject.pool, components, [&](int64_t c) {
    const std::vector<double> of_rows = log_probabilities(subject, batch, c);
    std::copy(of_rows.begin(), of_rows.end(), log_p.begin() + c * rows);
  });
  all_gather_shares(subject.ranks, components, log_p.data(), [&](int64_t c) { return c * rows; });
  const std::vector<double> said = subject.model.nll(subject.parameters, batch);
  const std::vector<double> weights = subject.model.log_weights(subject.parameters);
  const std::vector<double> prior = subject.model.condition() == Condition::kJoint
                                        ? subject.model.log_class_prior(subject.parameters)
                                        : std::vector<double>{};
  ProofCheck check = {"nll == logits", true, 0, 1e-3, {}};
  double mean_said = 0, mean_found = 0, worst = -1;
  for (size_t i = 0; i < said.size(); ++i) {
    const auto log_p_of = [&](size_t c) { return log_p[c * static_cast<size_t>(rows) + i]; };
    double most = log_p_of(0), sum = 0;
    for (size_t c = 0; c < weights.size(); ++c) most = std::max(most, log_p_of(c));
    for (size_t c = 0; c < weights.size(); ++c) sum += std::exp(weights[c] + log_p_of(c) - most);
    double found = -most - std::log(sum);
    if (!prior.empty()) found -= prior[static_cast<size_t>(batch.labels.data<int32_t>()[i])];
    const double off = std::abs(said[i] - found), limit = std::max(1e-3, kNllTolerance * std::abs(found));
    if (!(off <= limit)) check.pass = false;
    if (!(off / limit <= worst)) {
      worst = off / limit;
      check.figure = off;
      check.limit = limit;
    }
    mean_said += said[i] / static_cast<double>(said.size());
    mean_found += found / static_cast<double>(said.size());
  }
  check.finding = fmt::format("{} rows: nll() is {:.4f} nats, and the logits say {:.4f}", rows, mean_said, mean_found);
  return check;
}

}  // namespace mlrun

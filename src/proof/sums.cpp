// Probabilities sum to 1.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "generate/predictive.hpp"
#include "proof/batch.hpp"

namespace mlrun {
namespace {

constexpr int64_t kContinuations = 1024, kEverything = 4096;  // sequences to enumerate, at most (4096 also of one step)
constexpr double kTolerance = 1e-4;                           // float32 logits; 1000 terms summed in double

// alphabet^steps sequences, if they are no more than `most`; else 0.
int64_t sequences(int64_t alphabet, int64_t steps, int64_t most) {
  int64_t count = 1;
  for (int64_t t = 0; t < steps; ++t) {
    if (count > most / alphabet) return 0;
    count *= alphabet;
  }
  return count;
}

// Writes the digits of `number` in base `alphabet` to the positions.
void write_digits(int64_t number, int64_t alphabet, const int64_t* positions, int64_t steps, int32_t* row) {
  for (int64_t s = 0; s < steps; ++s, number /= alphabet) row[positions[s]] = static_cast<int32_t>(number % alphabet);
}

// Calls `sum_of(batch)` with all sequences on the last `steps` steps of the order behind one row, in batches, and adds
// up.
template <class SumOf>
double sum_over(const ProofSubject& subject, const Batch& row, const std::vector<int64_t>& order, Range steps,
                int64_t count, const SumOf& sum_of) {
  const DataSpec& data = subject.model.data();
  const int64_t size = std::min(count, rows_at_a_time(data)), batches = (count + size - 1) / size;
  std::vector<double> sums(static_cast<size_t>(batches));
  run_share(subject.ranks, subject.pool, batches, [&](int64_t b) {
    const int64_t begin = b * size, end = std::min(count, begin + size);
    Batch batch = repeated(row, 0, end - begin);
    for (int64_t i = begin; i < end; ++i) {
      write_digits(i, data.alphabet, order.data() + steps.begin, steps.size(),
                   batch.symbols.data<int32_t>() + (i - begin) * data.positions());
    }
    sums[static_cast<size_t>(b)] = sum_of(batch);
  });
  all_gather_shares(subject.ranks, batches, sums.data(), [](int64_t b) { return b; });
  double total = 0;
  for (const double s : sums) total += s;
  return total;
}

// Where along a row `steps` steps together have the largest entropy.
int64_t most_uncertain_window(const ProofSubject& subject, const Batch& row, int64_t component, int64_t steps) {
  const DataSpec& data = subject.model.data();
  const int64_t width = logits_per_step(data.alphabet);
  const Tensor logits = parallel_logits(subject, row, component);
  std::vector<double> before = {0};  // entropies summed
  for (int64_t t = 0; t < data.positions(); ++t) {
    before.push_back(before.back() + predictive_entropy(logits.data<float>() + t * width, data.alphabet));
  }
  int64_t best = data.given;
  double most = -1;
  for (int64_t t = data.given; t + steps <= data.positions(); ++t) {
    const double here = before[static_cast<size_t>(t + steps)] - before[static_cast<size_t>(t)];
    if (here > most) {
      most = here;
      best = t;
    }
  }
  return best;
}

ProofCheck summing_to_one(const std::string& name, double worst_sum, const std::string& finding) {
  const double off = std::abs(worst_sum - 1);
  ProofCheck check = {name, off <= kTolerance, off, kTolerance, {}};
  check.finding = fmt::format("{}: {:.7f}", finding, worst_sum);
  if (!check.pass) check.finding += ", so these are no probabilities";
  return check;
}

}  // namespace

std::vector<ProofCheck> check_continuations(const ProofSubject& subject) {
  const DataSpec& data = subject.model.data();
  const int64_t d = data.positions();
  int64_t steps = 1;
  const int64_t most = affordable(subject, kContinuations, 16);
  while (steps < data.modelled_positions() && sequences(data.alphabet, steps + 1, most) > 0) ++steps;
  const int64_t count = sequences(data.alphabet, steps, affordable(subject, kEverything, 64));
  if (count == 0) return {};
  double worst = 1;
  const Batch row = subject.rows.slice(0, 1);
  for (const int64_t component : subject.components) {
    const int64_t undecided = most_uncertain_window(subject, row, component, steps);
    for (const Range window : {Range{undecided, undecided + steps}, Range{d - steps, d}}) {
      const double sum = sum_over(subject, row, subject.model.order(component), window, count, [&](const Batch& batch) {
        double part = 0;
        for (const double log_p : log_probabilities(subject, batch, component, window)) part += std::exp(log_p);
        return part;
      });
      if (!(std::abs(sum - 1) <= std::abs(worst - 1))) worst = sum;
    }
  }
  return {summing_to_one("continuations sum to 1", worst,
                         fmt::format("all {} continuations of {} steps, at the end of a row and where it is most "
                                     "uncertain",
                                     count, steps))};
}

std::vector<ProofCheck> check_whole_sum(const ProofSubject& subject) {
  const DataSpec& data = subject.model.data();
  const int64_t count = sequences(data.alphabet, data.modelled_positions(), kEverything);
  if (count == 0) return {};
  const int64_t labels = std::max<int64_t>(1, subject.model.classes());
  double worst = 1, all_labels = 0;
  for (int64_t label = 0; label < labels; ++label) {
    Batch row = repeated(subject.rows, 0, 1);
    if (row.labels.defined() && subject.model.conditional())
      row.labels.data<int32_t>()[0] = static_cast<int32_t>(label);
    const double sum = sum_over(subject, row, subject.model.order(0), Range{data.given, data.positions()}, count,
                                [&](const Batch& batch) {
                                  double part = 0;
                                  for (const double nll : subject.model.nll(subject.parameters, batch))
                                    part += std::exp(-nll);
                                  return part;
                                });
    if (!(std::abs(sum - 1) <= std::abs(worst - 1))) worst = sum;
    all_labels += sum;
  }
  if (subject.model.condition() == Condition::kJoint) worst = all_labels;  // of p(x, y)
  return {summing_to_one(
      "everything sums to 1", worst,
      fmt::format("exp(-nll()) of all {} {}{}", count, data.given > 0 ? "answers to a question" : "sequences",
                  labels > 1 ? " and labels" : ""))};
}

}  // namespace mlrun

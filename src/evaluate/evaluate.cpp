#include "evaluate/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/stopwatch.hpp"

namespace mlrun {
namespace {

int64_t examples_of(const Dataset& data, Split split, const EvaluateOptions& options) {
  const int64_t count = std::min(data.count(split), options.limit.value_or(data.count(split)));
  if (count == 0) {
    const bool another = split != Split::kValid && data.count(Split::kValid) > 0;
    fail(ExitCode::kData, "the {} split of this data is empty{}", name_of(split),
         another ? "\n  the validation split   --split valid" : "");
  }
  return count;
}

void require_labels(const Model& model, const Dataset& data) {
  if (model.predicts_labels() && data.spec().classes == 0)
    fail(ExitCode::kUsage, "a classifier is judged by labels, and {}", data.why_no_labels());
}

int64_t batches_of(int64_t examples, const EvaluateOptions& options) {
  return (examples + options.batch_size - 1) / options.batch_size;
}

// What the batches of a split say of the codes of a VQ-VAE, in the order of the split whatever lane was first.
class CodeUseOfBatches {
 public:
  void add(int64_t first_row, std::optional<Reconstruction> batch) {
    if (!batch) return;
    const std::lock_guard lock(mutex_);
    batches_.emplace(first_row, std::move(*batch));
  }

  // Of the batches of all ranks; nothing where there are no codes.
  std::optional<CodeUse> use(const Dataset& data, Split split, const EvaluateOptions& options) const {
    Ranks& ranks = options.ranks;
    const int64_t examples = examples_of(data, split, options);
    std::vector<double> rates(static_cast<size_t>(examples)),
        squared_errors(static_cast<size_t>(batches_of(examples, options)));
    Facts all;
    for (const auto& [first_row, batch] : batches_) {
      all.alphabet = batch.alphabet;
      all.restarted = batch.restarted;
      all.vectors += batch.vectors;
      all.rated = all.rated || !batch.rate.empty();
      std::copy(batch.rate.begin(), batch.rate.end(), rates.begin() + first_row);
      squared_errors[static_cast<size_t>(first_row / options.batch_size)] = batch.squared_error;
    }
    const int64_t own_vectors = std::exchange(all.vectors, 0);
    for (Facts of_rank : of_all(ranks, Facts{all.alphabet, all.restarted, own_vectors, all.rated})) {
      all.alphabet = std::max(all.alphabet, of_rank.alphabet);  // a rank without batches knows none
      all.restarted = std::max(all.restarted, of_rank.restarted);
      all.vectors += of_rank.vectors;
      all.rated = all.rated || of_rank.rated;
    }
    if (all.alphabet == 0) return std::nullopt;
    CodeUse use;
    use.restarted = all.restarted;
    use.counts = counts_of_all(ranks, static_cast<size_t>(all.alphabet));
    all_gather_shares(ranks, batches_of(examples, options), squared_errors.data(), [](int64_t batch) { return batch; });
    use.quantization_error =
        std::accumulate(squared_errors.begin(), squared_errors.end(), 0.0) / static_cast<double>(all.vectors);
    if (all.rated) {
      share_figures(data, split, options, rates);
      use.rates = std::move(rates);
    }
    return use;
  }

 private:
  struct Facts {
    int64_t alphabet = 0, restarted = 0, vectors = 0;
    bool rated = false;
  };

  std::vector<int64_t> counts_of_all(Ranks& ranks, size_t alphabet) const {
    std::vector<int64_t> by_rank(alphabet * static_cast<size_t>(ranks.size())), counts(alphabet);
    std::vector<Range> parts;
    for (int64_t r = 0; r < ranks.size(); ++r)
      parts.push_back({r * static_cast<int64_t>(alphabet), (r + 1) * static_cast<int64_t>(alphabet)});
    int64_t* own = by_rank.data() + parts[static_cast<size_t>(ranks.rank())].begin;
    for (const auto& [first_row, batch] : batches_)
      for (int64_t i = 0; i < batch.codes.count(); ++i) ++own[batch.codes.data<int32_t>()[i]];
    all_gather(ranks, by_rank.data(), by_rank.size(), parts);
    for (size_t i = 0; i < by_rank.size(); ++i) counts[i % alphabet] += by_rank[i];
    return counts;
  }

  std::mutex mutex_;
  std::map<int64_t, Reconstruction> batches_;  // by first row
};

// What was found of the rows of a batch, into the figures of the split.
void put(const std::vector<double>& found, std::span<const int64_t> rows, std::vector<double>& split) {
  std::copy(found.begin(), found.end(), split.begin() + rows[0]);
}

}  // namespace

void for_batches(const Dataset& data, Split split, const EvaluateOptions& options, LanePool& pool,
                 const std::function<void(std::span<const int64_t> rows, const Batch&)>& work) {
  const int64_t count = examples_of(data, split, options);
  run_share(options.ranks, pool, batches_of(count, options), [&](int64_t b) {
    if (options.interrupted && options.interrupted()) return;
    const int64_t begin = b * options.batch_size, end = std::min(count, begin + options.batch_size);
    std::vector<int64_t> rows(static_cast<size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    work(rows, data.batch(split, rows, 0));
  });
  if (any(options.ranks, options.interrupted && options.interrupted()))
    fail(ExitCode::kInterrupted, "interrupted; nothing was written");
}

void share_figures(const Dataset& data, Split split, const EvaluateOptions& options, std::vector<double>& figures) {
  if (figures.empty()) return;
  const int64_t count = examples_of(data, split, options);
  all_gather_shares(options.ranks, batches_of(count, options), figures.data(),
                    [&](int64_t batch) { return std::min(count, batch * options.batch_size); });
}

const char* dimension_of(const Model& model, const Dataset& data) {
  if (model.predicts_labels()) return "label";
  return data.vocabulary() ? "char" : "dim";
}

Evaluation summarise(std::vector<double> per_example, int64_t dimensions) {
  Evaluation e;
  e.count = static_cast<int64_t>(per_example.size());
  const double n = static_cast<double>(e.count);
  e.nll = std::accumulate(per_example.begin(), per_example.end(), 0.0) / n;
  double squares = 0;
  for (const double x : per_example) squares += (x - e.nll) * (x - e.nll);
  e.nll_se = e.count > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  e.bpd = e.nll / (static_cast<double>(dimensions) * std::numbers::ln2);
  e.per_example = std::move(per_example);
  return e;
}

std::optional<ExpertUse> expert_use(const Model& model, const ParameterArena& parameters, const Dataset& data,
                                    Split split, const EvaluateOptions& options, LanePool& pool) {
  constexpr int64_t kEvery = 10;
  if (model.inactive_parameters() == 0) return std::nullopt;
  const int64_t examples = examples_of(data, split, options), batches = batches_of(examples, options);
  const int64_t looked_at = (batches + kEvery - 1) / kEvery;
  std::vector<std::vector<std::vector<int64_t>>> found(static_cast<size_t>(looked_at));
  ExpertUse use;
  if (options.ranks.rank() == 0) {
    pool.run(looked_at, [&](int64_t i) {
      const int64_t begin = i * kEvery * options.batch_size, end = std::min(examples, begin + options.batch_size);
      std::vector<int64_t> rows(static_cast<size_t>(end - begin));
      std::iota(rows.begin(), rows.end(), begin);
      found[static_cast<size_t>(i)] = model.expert_counts(parameters, data.batch(split, rows, 0));
    });
    use.counts = found.front();
    for (size_t i = 1; i < found.size(); ++i) {
      for (size_t b = 0; b < use.counts.size(); ++b)
        for (size_t e = 0; e < use.counts[b].size(); ++e) use.counts[b][e] += found[i][b][e];
    }
  }
  for (int64_t i = 0; i < looked_at; ++i)
    use.examples += std::min(examples - i * kEvery * options.batch_size, options.batch_size);
  int64_t shape[] = {static_cast<int64_t>(use.counts.size()),
                     use.counts.empty() ? 0 : static_cast<int64_t>(use.counts.front().size())};
  broadcast(options.ranks, shape, 2);
  if (shape[0] == 0) return std::nullopt;
  use.counts.resize(static_cast<size_t>(shape[0]), std::vector<int64_t>(static_cast<size_t>(shape[1])));
  for (std::vector<int64_t>& of_block : use.counts) broadcast(options.ranks, of_block.data(), of_block.size());
  return use;
}

Evaluation evaluate(const Model& model, const ParameterArena& parameters, const Dataset& data, Split split,
                    const EvaluateOptions& options, LanePool& pool) {
  const Stopwatch watch;
  std::vector<double> per_example(static_cast<size_t>(examples_of(data, split, options))), correct;
  require_labels(model, data);
  if (model.has_accuracy()) correct.resize(per_example.size());
  CodeUseOfBatches codes;
  for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
    Scores scores = model.scores(parameters, batch);
    put(scores.nll, rows, per_example);
    put(scores.correct, rows, correct);
    codes.add(rows[0], std::move(scores.codes));
  });
  for (auto* figure : {&per_example, &correct}) share_figures(data, split, options, *figure);
  Evaluation e = summarise(std::move(per_example), model.predictions());
  if (!correct.empty()) e.accuracy = summarise(std::move(correct), 1).nll;
  e.codes = codes.use(data, split, options);
  e.experts = expert_use(model, parameters, data, split, options, pool);
  e.seconds = watch.seconds();
  return e;
}

SplitLikelihoods split_likelihoods(const Model& model, const ParameterArena& parameters, const Dataset& data,
                                   Split split, const EvaluateOptions& options, LanePool& pool) {
  require_labels(model, data);
  const bool summed_out = model.classes() > 0;
  if (summed_out && data.spec().classes > model.classes()) {
    fail(ExitCode::kData, "the model knows {} classes, and this data has {}", model.classes(), data.spec().classes);
  }
  SplitLikelihoods all;
  const auto count = static_cast<size_t>(examples_of(data, split, options));
  const bool judged_by_labels = summed_out && data.spec().classes > 0;
  all.x.resize(count);
  if (judged_by_labels) {
    all.xy.resize(count);
    all.x_given_y.resize(count);
  }
  if (judged_by_labels || (!summed_out && model.has_accuracy())) all.correct.resize(count);
  CodeUseOfBatches codes;
  for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
    Likelihoods found = model.likelihoods(parameters, batch);
    put(found.x, rows, all.x);
    put(found.xy, rows, all.xy);
    put(found.x_given_y, rows, all.x_given_y);
    put(found.correct, rows, all.correct);
    codes.add(rows[0], std::move(found.codes));
  });
  for (auto* figure : {&all.x, &all.xy, &all.x_given_y, &all.correct}) share_figures(data, split, options, *figure);
  all.codes = codes.use(data, split, options);
  all.experts = expert_use(model, parameters, data, split, options, pool);
  return all;
}

}  // namespace mlrun

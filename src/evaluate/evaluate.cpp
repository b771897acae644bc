#include "evaluate/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <numeric>

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

// What the batches of a split say of the codes of a VQ-VAE, in the order of the split whatever lane was first.
class CodeUseOfBatches {
 public:
  void add(int64_t first_row, std::optional<Reconstruction> batch) {
    if (!batch) return;
    const std::lock_guard lock(mutex_);
    batches_.emplace(first_row, std::move(*batch));
  }

  std::optional<CodeUse> use() const {
    if (batches_.empty()) return std::nullopt;
    CodeUse use;
    use.counts.resize(static_cast<size_t>(batches_.begin()->second.alphabet));
    use.restarted = batches_.begin()->second.restarted;
    double squared_error = 0;
    int64_t vectors = 0;
    for (const auto& [first_row, batch] : batches_) {
      for (int64_t i = 0; i < batch.codes.count(); ++i) {
        ++use.counts[static_cast<size_t>(batch.codes.data<int32_t>()[i])];
      }
      use.rates.insert(use.rates.end(), batch.rate.begin(), batch.rate.end());
      squared_error += batch.squared_error;
      vectors += batch.vectors;
    }
    use.quantization_error = squared_error / static_cast<double>(vectors);
    return use;
  }

 private:
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
  pool.run((count + options.batch_size - 1) / options.batch_size, [&](int64_t b) {
    if (options.interrupted && options.interrupted()) return;
    const int64_t begin = b * options.batch_size, end = std::min(count, begin + options.batch_size);
    std::vector<int64_t> rows(static_cast<size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    work(rows, data.batch(split, rows, 0));
  });
  if (options.interrupted && options.interrupted()) fail(ExitCode::kInterrupted, "interrupted; nothing was written");
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
  Evaluation e = summarise(std::move(per_example), model.predictions());
  if (!correct.empty()) e.accuracy = summarise(std::move(correct), 1).nll;
  e.codes = codes.use();
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
  all.codes = codes.use();
  return all;
}

}  // namespace mlrun

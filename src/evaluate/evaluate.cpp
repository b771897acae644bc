#include "evaluate/evaluate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "models/codes/code_model.hpp"

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

CodeUse use_of(const CodeModel& model, const std::map<int64_t, Reconstruction>& batches) {
  CodeUse use;
  use.counts.resize(static_cast<size_t>(model.codes().alphabet));
  use.restarted = model.restarted();
  double squared_error = 0;
  int64_t vectors = 0;
  for (const auto& [begin, batch] : batches) {
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

// -log p(x, y) of every class y: [classes][n].
std::vector<std::vector<double>> nll_by_class(const AutoregressiveModel& model, const ParameterArena& parameters,
                                              const Batch& batch, const std::vector<double>& log_prior) {
  std::vector<std::vector<double>> all;
  Batch labelled = batch;
  labelled.labels = Tensor({batch.count()}, DType::kS32);
  for (int64_t y = 0; y < model.classes(); ++y) {
    std::fill_n(labelled.labels.data<int32_t>(), batch.count(), static_cast<int32_t>(y));
    std::vector<double> nll = model.nll(parameters, labelled);
    if (model.condition() == Condition::kClass) {  // of p(x|y) so far
      for (double& v : nll) v -= log_prior[static_cast<size_t>(y)];
    }
    all.push_back(std::move(nll));
  }
  return all;
}

// -log p(x) of example i.
double summed_over_classes(const std::vector<std::vector<double>>& nll_by_class, size_t i) {
  std::vector<double> log_p;
  for (const std::vector<double>& of_class : nll_by_class) log_p.push_back(-of_class[i]);
  return -log_sum_exp(log_p);
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
  const auto start = std::chrono::steady_clock::now();
  std::vector<double> per_example(static_cast<size_t>(examples_of(data, split, options))), correct;
  require_labels(model, data);
  if (model.has_accuracy()) correct.resize(per_example.size());
  const CodeModel* codes = model.code_model();
  std::map<int64_t, Reconstruction> reconstructions;  // by first example
  std::mutex mutex;
  for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
    std::vector<double> nll;
    if (codes) {
      Reconstruction r = codes->reconstruct(parameters, batch.symbols);
      nll = r.nll;
      for (size_t i = 0; i < r.rate.size(); ++i) nll[i] += r.rate[i];
      const std::lock_guard lock(mutex);
      reconstructions.emplace(rows[0], std::move(r));
    } else {
      Scores scores = model.scores(parameters, batch);
      nll = std::move(scores.nll);
      std::copy(scores.correct.begin(), scores.correct.end(), correct.begin() + rows[0]);
    }
    std::copy(nll.begin(), nll.end(), per_example.begin() + rows[0]);
  });
  Evaluation e = summarise(std::move(per_example), model.predictions());
  if (!correct.empty()) e.accuracy = summarise(std::move(correct), 1).nll;
  if (codes) {
    e.codes = use_of(*codes, reconstructions);
  }
  e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return e;
}

std::vector<double> marginal_nll(const Model& model, const ParameterArena& parameters, const Batch& batch) {
  const AutoregressiveModel* conditional = model.autoregressive();
  if (!conditional || !conditional->conditional()) return model.nll(parameters, batch);
  const std::vector<std::vector<double>> nll =
      nll_by_class(*conditional, parameters, batch, conditional->log_class_prior(parameters));
  std::vector<double> all;
  for (size_t i = 0; i < nll[0].size(); ++i) all.push_back(summed_over_classes(nll, i));
  return all;
}

ExampleLikelihoods example_likelihoods(const Model& model, const ParameterArena& parameters, const Dataset& data,
                                       Split split, const EvaluateOptions& options, LanePool& pool) {
  ExampleLikelihoods all;
  const auto count = static_cast<size_t>(examples_of(data, split, options));
  all.x.resize(count);
  const AutoregressiveModel* conditional = model.autoregressive();
  if (!conditional || !conditional->conditional()) {
    require_labels(model, data);
    if (model.has_accuracy()) all.correct.resize(count);
    for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
      const Scores scores = model.scores(parameters, batch);
      std::copy(scores.nll.begin(), scores.nll.end(), all.x.begin() + rows[0]);
      std::copy(scores.correct.begin(), scores.correct.end(), all.correct.begin() + rows[0]);
    });
    return all;
  }
  const int64_t classes = conditional->classes();
  if (data.spec().classes > classes) {
    fail(ExitCode::kData, "the model knows {} classes, and this data has {}", classes, data.spec().classes);
  }
  const std::vector<double> log_prior = conditional->log_class_prior(parameters);
  if (data.spec().classes > 0) {
    for (auto* figure : {&all.xy, &all.x_given_y, &all.correct}) figure->resize(count);
  }
  for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
    const std::vector<std::vector<double>> nll = nll_by_class(*conditional, parameters, batch, log_prior);
    for (int64_t i = 0; i < batch.count(); ++i) {
      const auto k = static_cast<size_t>(i), place = static_cast<size_t>(rows[k]);
      size_t likeliest = 0;
      for (size_t y = 1; y < nll.size(); ++y) likeliest = nll[y][k] < nll[likeliest][k] ? y : likeliest;
      all.x[place] = summed_over_classes(nll, k);
      if (all.xy.empty()) continue;
      const auto label = static_cast<size_t>(batch.labels.data<int32_t>()[i]);
      all.xy[place] = nll[label][k];
      all.x_given_y[place] = nll[label][k] + log_prior[label];
      all.correct[place] = label == likeliest ? 1 : 0;
    }
  });
  return all;
}

}  // namespace mlrun

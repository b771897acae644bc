#include "run/evaluate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"

namespace mlrun {

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
  const int64_t count = std::min(data.count(split), options.limit.value_or(data.count(split)));
  if (count == 0) fail(ExitCode::kData, "the {} split of this data is empty", name_of(split));
  std::vector<double> per_example(static_cast<size_t>(count));
  const int64_t batches = (count + options.batch_size - 1) / options.batch_size;
  pool.run(batches, [&](int64_t b) {
    if (options.interrupted && options.interrupted()) return;
    const int64_t begin = b * options.batch_size, end = std::min(count, begin + options.batch_size);
    std::vector<int64_t> rows(static_cast<size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    const std::vector<double> nll = model.nll(parameters, data.batch(split, rows, 0));
    std::copy(nll.begin(), nll.end(), per_example.begin() + begin);
  });
  if (options.interrupted && options.interrupted()) fail(ExitCode::kInterrupted, "interrupted; nothing was written");
  Evaluation e = summarise(std::move(per_example), data.spec().positions());
  e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return e;
}

}  // namespace mlrun

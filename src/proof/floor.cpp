// No model of coin flips is better than the coins.
#include <fmt/format.h>

#include <algorithm>

#include "data/reference.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_data.hpp"
#include "proof/prove.hpp"

namespace mlrun {
namespace {

constexpr int64_t kRows = 1000, kFewestRows = 32, kBatch = 100;

struct Floor {
  double nats = 0;
  std::string origin;
};

Floor floor_of(const TrainedModel& trained, const Dataset& data, Split split, const std::vector<int64_t>& rows) {
  const std::string protocol = data.protocol();
  if (protocol.starts_with("static (Larochelle)")) {
    return {kBinarizationNoise, "the noise of MNIST's binarization"};
  }
  if (!protocol.starts_with("dynamic") && !protocol.starts_with("static"))
    return {0, "a likelihood of discrete data is at most 1"};
  const std::unique_ptr<Dataset> grey = grey_data_of(trained);
  if (!grey || grey->spec().alphabet != 256 || grey->count(split) != data.count(split)) {
    return {0, "a likelihood of discrete data is at most 1"};
  }
  const Batch batch = grey->batch(split, rows, 0);
  const int64_t width = batch.symbols.dim(1);
  SymbolTableBuilder builder(width);
  for (int64_t i = 0; i < batch.count(); ++i) {
    builder.append(std::span<const int32_t>(batch.symbols.data<int32_t>() + i * width, static_cast<size_t>(width)));
  }
  return {binarization_noise(std::move(builder).finish()), "the noise of the binarization, from the grey levels"};
}

}  // namespace

ProofCheck check_data_floor(const TrainedModel& trained, const Dataset& data, Split split, const ProofOptions& options,
                            LanePool& pool) {
  constexpr int64_t kLooks = 1 << 16;  // of a network, where a likelihood takes one for each step
  const int64_t affordable =
      std::clamp<int64_t>(kLooks / trained.autoregressive().looks_of_parallel_view(), kFewestRows, kRows);
  const int64_t count = data.count(split), wanted = options.whatever_it_takes ? count : std::min(count, affordable);
  std::vector<int64_t> rows;  // evenly spread, since a split may be sorted by difficulty
  for (int64_t i = 0; i < wanted; ++i) rows.push_back(i * count / wanted);
  std::vector<double> nll(rows.size());
  const int64_t batches = (wanted + kBatch - 1) / kBatch;
  run_share(options.ranks, pool, batches, [&](int64_t b) {
    const auto begin = static_cast<size_t>(b * kBatch), end = std::min(rows.size(), begin + kBatch);
    const Batch batch = data.batch(split, std::span(rows).subspan(begin, end - begin), 0);
    const std::vector<double> part = trained.built.model->nll(*trained.built.parameters, batch);
    std::copy(part.begin(), part.end(), nll.begin() + b * kBatch);
  });
  all_gather_shares(options.ranks, batches, nll.data(), [&](int64_t b) { return std::min(wanted, b * kBatch); });
  const Evaluation evaluation = summarise(std::move(nll), data.spec().positions());
  const Floor floor = floor_of(trained, data, split, rows);
  // A model that is certain of everything (an alphabet of one, a task that was learned) has an NLL of 0, which is the
  // floor, but for roundings of the logarithms.
  const double rounding = 1e-6 * static_cast<double>(data.spec().positions());
  ProofCheck check = {"above the data floor", evaluation.nll >= floor.nats - rounding, evaluation.nll, floor.nats, {}};
  check.finding = fmt::format("mean NLL of {} {} rows, nats (+- {:.2f}); floor: {}", wanted, name_of(split),
                              evaluation.nll_se, floor.origin);
  if (!check.pass) {
    check.finding +=
        "; being below would mean knowing coin flips before they are thrown: the model has seen these images, or what "
        "it calls probabilities sum to more than 1";
  }
  return check;
}

}  // namespace mlrun

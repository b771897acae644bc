#include "proof/prove.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/error.hpp"
#include "base/lanes.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_data.hpp"

namespace mlrun {
namespace {

constexpr int64_t kRows = 128;

}  // namespace

std::vector<ProofCheck> prove_model(const AutoregressiveModel& model, const ParameterArena& parameters,
                                    const Batch& rows, const ProofOptions& options, LanePool& pool) {
  const ProofSubject subject = {.model = model,
                                .parameters = parameters,
                                .rows = rows,
                                .components = components_to_check(model.components(), options.components),
                                .seed = options.seed,
                                .pool = pool,
                                .whatever_it_takes = options.whatever_it_takes,
                                .ranks = options.ranks};
  std::vector<ProofCheck> checks = {check_no_leak(subject)};
  const auto append = [&](std::vector<ProofCheck> more) {
    std::move(more.begin(), more.end(), std::back_inserter(checks));
  };
  append(check_views(subject));
  checks.push_back(check_nll(subject));
  append(check_continuations(subject));
  append(check_whole_sum(subject));
  checks.push_back(check_entropy(subject));
  append(check_heads(subject));
  return checks;
}

bool ProveOutcome::pass() const {
  return std::all_of(checks.begin(), checks.end(), [](const ProofCheck& c) { return c.pass; });
}

ProveOutcome prove(const ProveRequest& request) {
  Ranks& ranks = request.ranks;
  const TrainedModel trained = load_on_all_ranks(ranks, request.selector, request.which, {}, request.mixed_cpus);
  const AutoregressiveModel& model = trained.autoregressive();
  LanePool pool(threads_of_rank(ranks, kMostLanes, request.threads));
  ProveOutcome outcome;
  outcome.checkpoint = trained.path;
  outcome.step = trained.state.step;
  outcome.components = model.components();
  std::unique_ptr<Dataset> data;
  Split split = Split::kTest;
  try {
    data = data_of(trained);
    if (data->count(split) == 0) split = Split::kValid;
    if (data->count(split) == 0) {
      data.reset();
      outcome.no_data = "the test split and the validation split are empty";
    }
  } catch (const Error& e) {
    if (e.code() != ExitCode::kData) throw;
    outcome.no_data = e.what();
  }
  require_same_on_all_ranks(ranks, {{"data", data ? data->hash() : "none"}}, request.mixed_cpus);
  Batch rows;
  if (data) {
    std::vector<int64_t> indices(static_cast<size_t>(std::min(kRows, data->count(split))));
    std::iota(indices.begin(), indices.end(), 0);
    rows = data->batch(split, indices, 0);
  } else {
    rows = own_samples(model, *trained.built.parameters, kRows, /*seed=*/2);
  }
  ProofOptions options = {.whatever_it_takes = request.full, .ranks = ranks};
  if (request.full) options.components = model.components();
  outcome.components_checked = std::min(options.components, model.components());
  outcome.checks = prove_model(model, *trained.built.parameters, rows, options, pool);
  if (data) outcome.checks.push_back(check_data_floor(trained, *data, split, options, pool));
  return outcome;
}

}  // namespace mlrun

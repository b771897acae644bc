#include "commands/train/profile.hpp"

#include <algorithm>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "experiment/load_spec.hpp"
#include "generate/sampler.hpp"

namespace mlrun {
namespace {

const Stopwatch since_process_start;  // static initialisation: a millisecond after exec

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

// A call draws `batch` images, cut into one piece per thread; calls are repeated for a second.
SampleProfile profile_sampler(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t batch,
                              LanePool& pool) {
  const Sampler sampler(model, parameters);
  const int64_t pieces = std::min<int64_t>(pool.threads(), batch);
  SampleOptions options{.count = batch, .seed = 1, .batch = (batch + pieces - 1) / pieces};
  sampler.draw(options, pool);
  const Stopwatch watch;
  int64_t images = 0;
  do {
    options.first += batch;
    sampler.draw(options, pool);
    images += batch;
  } while (watch.seconds() < 1.0);
  return {batch, static_cast<double>(images) / watch.seconds()};
}

}  // namespace

Profile profile(const ProfileRequest& request) {
  // Other weights to begin from take no other time, and need not be there.
  std::vector<std::string> overrides = request.overrides, places = request.places;
  overrides.emplace_back("origin.checkpoint=none");
  places.resize(overrides.size(), "profile");
  const Experiment experiment = load_spec(request.spec, overrides, places);
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  Profile p;
  p.threads = threads_for(experiment.lanes_at_once(), request.threads);
  Trainer trainer(experiment, *data, p.threads);
  trainer.initialise();
  p.model = experiment.spec().model.kind();
  p.data = data->description();
  p.lanes = experiment.lanes();
  p.dtype = name_of(experiment.spec().products);
  p.batch_size = experiment.spec().train.batch_size;
  p.parameters = trainer.built().parameters->parameter_count();
  p.active_parameters = active_parameters(trainer.built());
  trainer.step();
  p.first_step_ms = since_process_start.seconds() * 1e3;
  for (int64_t i = 1; i < request.warmup; ++i) trainer.step();
  std::vector<double> seconds;
  int64_t examples = 0;
  const Stopwatch watch;
  while (static_cast<int64_t>(seconds.size()) < request.steps &&
         (seconds.empty() || watch.seconds() < request.max_seconds)) {
    const Stopwatch step;
    examples += trainer.step().count;
    seconds.push_back(step.seconds());
  }
  p.steps = static_cast<int64_t>(seconds.size());
  p.median_ms = quantile(seconds, 0.5) * 1e3;
  p.min_ms = quantile(seconds, 0.0) * 1e3;
  p.p95_ms = quantile(seconds, 0.95) * 1e3;
  // The last batch of an epoch, and a batch larger than the split, have fewer than batch_size.
  p.items_per_s = static_cast<double>(examples) / static_cast<double>(p.steps) / p.median_ms * 1e3;
  p.peak_rss_mb = static_cast<double>(peak_memory_bytes()) / 1e6;
  kernels::profile::start();
  const Stopwatch counted;
  const int64_t counted_steps = std::max<int64_t>(1, std::min<int64_t>(10, p.steps));
  for (int64_t i = 0; i < counted_steps; ++i) trainer.step();
  p.step_seconds = counted.seconds() * static_cast<double>(p.threads);
  kernels::profile::stop();
  p.kernels = kernels::profile::entries();
  if (!request.sample_batches.empty()) {
    const AutoregressiveModel* model = trainer.built().model->autoregressive();
    if (!model) fail(ExitCode::kUsage, "--sample: a {} model cannot be sampled", p.model);
    LanePool pool(threads_for(kMostLanes, request.threads));
    for (const int64_t batch : request.sample_batches)
      p.samples.push_back(profile_sampler(*model, *trainer.built().parameters, batch, pool));
  }
  return p;
}

}  // namespace mlrun

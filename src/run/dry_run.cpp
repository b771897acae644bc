#include "run/dry_run.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/cpu.hpp"
#include "base/number.hpp"
#include "io/library.hpp"
#include "kernels/library.hpp"
#include "run/load_spec.hpp"

namespace mlrun {

std::string software_versions() {
  return fmt::format("oneDNN {} {}  HDF5 {}", kernels::library_version(), kernels::library_isa(), io::hdf5_version());
}

void print_dry_run(const TrainRequest& request, bool json) {
  const std::string& name = request.spec.empty() ? request.resume : request.spec;
  const Experiment experiment = load_spec(name, request.overrides, request.places);
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  const int threads = threads_for(experiment.lanes(), request.threads);
  say_what_idles(experiment, request.threads);
  Trainer trainer(experiment, *data, threads);
  trainer.initialise();
  std::vector<double> seconds;
  double loss = 0;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    loss = trainer.step().loss;
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const double step = *std::min_element(seconds.begin(), seconds.end());
  const int64_t total = trainer.length().total_steps;
  const double minutes = total > 0 ? step * static_cast<double>(total) / 60 : experiment.spec().train.duration.amount;
  const int64_t parameters = trainer.built().parameters->parameter_count();
  if (json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"parameters", parameters},
                                              {"peak_rss_mb", static_cast<double>(peak_memory_bytes()) / 1e6},
                                              {"ms_per_step", step * 1e3},
                                              {"steps", total},
                                              {"minutes", minutes},
                                              {"loss", loss}}
                           .dump());
    return;
  }
  fmt::print(
      "model       {}, {} parameters\ndata        {}\nmemory      {:.0f} MB at the peak of three steps\n"
      "step        {:.2f} ms with {} lanes on {} threads; loss {:.2f}\nall of it   {} steps, about {:.1f} min without "
      "evaluations\n",
      experiment.spec().model.kind(), print_thousands(parameters), data->description(),
      static_cast<double>(peak_memory_bytes()) / 1e6, step * 1e3, experiment.lanes(), threads, loss,
      total > 0 ? print_thousands(total) : "unknown", minutes);
}

}  // namespace mlrun

#include "commands/train/dry_run.hpp"

#include "commands/train/idle_threads.hpp"
#include "io/json_line.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "base/stopwatch.hpp"
#include "experiment/built_model.hpp"
#include "experiment/load_spec.hpp"
#include "io/library.hpp"
#include "kernels/library.hpp"

namespace mlrun {

std::string software_versions() {
  return fmt::format("oneDNN {} {}  HDF5 {}", kernels::library_version(), kernels::library_isa(), io::hdf5_version());
}

namespace {

constexpr int kSteps = 3;
constexpr double kLastBegin = 20;          // seconds: no step is begun after these
constexpr std::chrono::seconds kMost(60);  // or waited for after these

// What the steps say while they are done.
struct Measured {
  std::mutex mutex;
  std::vector<double> seconds;  // of each step
  double loss = NAN;            // of the last one, nats
  bool rehearsed = false;       // evaluation, samples and checkpoint as well
};

void measure(Trainer& trainer, Measured& measured) {
  prepare_thread();
  const Stopwatch watch;
  trainer.initialise();
  for (int i = 0; i < kSteps && (i == 0 || watch.seconds() < kLastBegin); ++i) {
    const Stopwatch step;
    const double loss = trainer.step().loss;
    const std::lock_guard lock(measured.mutex);
    measured.seconds.push_back(step.seconds());
    measured.loss = loss;
  }
  if (watch.seconds() >= kLastBegin) return;
  trainer.rehearse();
  const std::lock_guard lock(measured.mutex);
  measured.rehearsed = true;
}

void answer(const Trainer& trainer, Measured& measured, int threads, bool json) {
  const std::lock_guard lock(measured.mutex);
  const Experiment& experiment = trainer.experiment();
  const bool any = !measured.seconds.empty();
  const double step = any ? *std::min_element(measured.seconds.begin(), measured.seconds.end()) : NAN;
  const int64_t total = trainer.length().total_steps;
  const double minutes = total > 0 ? step * static_cast<double>(total) / 60 : experiment.spec().train.duration.amount;
  const int64_t parameters = trainer.built().parameters->parameter_count(), active = active_parameters(trainer.built());
  const double megabytes = static_cast<double>(peak_memory_bytes()) / 1e6;
  if (json) {
    fmt::print("{}\n", io::json_line(nlohmann::ordered_json{{"parameters", parameters},
                                                            {"active_parameters", active},
                                                            {"peak_rss_mb", megabytes},
                                                            {"peak_of_all", measured.rehearsed},
                                                            {"steps_done", measured.seconds.size()},
                                                            {"ms_per_step", step * 1e3},
                                                            {"steps", total},
                                                            {"minutes", minutes},
                                                            {"loss", measured.loss}}));
    return;
  }
  fmt::print("model       {}, {}\ndata        {}\nmemory      {:.0f} MB at the peak{}\n",
             experiment.spec().model.kind(), parameters_in_words(parameters, active), trainer.data().description(),
             megabytes, measured.rehearsed ? ", with evaluation, samples and checkpoint" : " of these steps alone");
  if (any) {
    fmt::print("step        {:.2f} ms with {} lanes on {} threads, the fastest of {}; loss {:.2f}\n", step * 1e3,
               experiment.lanes(), threads, measured.seconds.size(), measured.loss);
  } else {
    fmt::print("step        more than {} s with {} lanes on {} threads: the first one was not waited for\n",
               kMost.count(), experiment.lanes(), threads);
  }
  fmt::print("all of it   {} steps, {}\n", total > 0 ? print_thousands(total) : "unknown",
             any || total == 0 ? fmt::format("about {:.1f} min without evaluations", minutes)
                               : fmt::format("more than {:.0f} min", static_cast<double>(total * kMost.count()) / 60));
}

}  // namespace

void print_dry_run(const TrainRequest& request, bool json) {
  const std::string& name = request.spec.empty() ? request.resume : request.spec;
  const Experiment experiment = load_spec(name, request.overrides, request.places);
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  const int threads = threads_for(experiment.lanes_at_once(), request.threads);
  say_what_idles(experiment, request.threads);
  Trainer trainer(experiment, *data, threads);
  log::info("dry run: up to {} steps on the real data, at most {} s; nothing is written", kSteps, kMost.count());
  Measured measured;
  {
    // The steps are done on this thread, whose memory is laid out as a training's is. A step cannot be broken off: when
    // the time is over, the process ends under it.
    std::promise<void> over;
    std::thread watch([&, end = over.get_future()] {
      if (end.wait_for(kMost) != std::future_status::timeout) return;
      try {
        answer(trainer, measured, threads, json);
        if (std::fflush(stdout) == 0) std::_Exit(0);
      } catch (const std::exception& e) {
        log::error("cannot write the answer to stdout: {}", e.what());
      }
      std::_Exit(static_cast<int>(ExitCode::kDisk));
    });
    struct End {
      ~End() {
        over.set_value();
        watch.join();
      }
      std::promise<void>& over;
      std::thread& watch;
    } const end{over, watch};
    measure(trainer, measured);
  }
  answer(trainer, measured, threads, json);
}

}  // namespace mlrun

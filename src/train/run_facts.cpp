#include "train/run_facts.hpp"

#include <chrono>
#include <ctime>
#include <utility>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/host_name.hpp"
#include "base/version.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "kernels/isa.hpp"
#include "train/build_commit.hpp"

namespace mlrun {
namespace {

std::map<std::string, std::string> environment(int threads, int ranks) {
  std::map<std::string, std::string> facts = {{"mlrun", kVersion},
                                              {"commit", kBuildCommit},
                                              {"numerics", std::to_string(kNumericsVersion)},
                                              {"cpu", cpu_name()},
                                              {"isa", name_of(kernels::isa_in_force())},
                                              {"threads", std::to_string(threads)},
                                              {"host", host_name()}};
  if (ranks > 1) facts["ranks"] = std::to_string(ranks);  // threads and host are those of the first
  return facts;
}

io::Record origin_record(const std::optional<Origin>& origin) {
  if (!origin) return nullptr;
  return {{"checkpoint", origin->checkpoint}, {"run", origin->run}, {"step", origin->step}, {"sha256", origin->sha256}};
}

const char* name_of(BestBy best) {
  switch (best) {
    case BestBy::kAccuracy:
      return "valid/accuracy";
    case BestBy::kLast:
      return "last";
    case BestBy::kNll:
      break;
  }
  return "valid/nll";
}

}  // namespace

std::string now_utc() {
  // With milliseconds: runs are ordered by this, and a sweep begins several within a second.
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.time_since_epoch().count() % 1000);
}

RunFacts facts_of(const RunDirectory& directory, const Trainer& trainer, const std::string& created, int threads) {
  const CheckpointIdentity id = trainer.identity();
  const ExperimentSpec& spec = trainer.experiment().spec();
  RunSummary run;
  run.path = directory.path();
  run.id = directory.id();
  run.created = created.empty() ? now_utc() : created;
  run.name = spec.name;
  run.groups = {spec.group};
  run.tags = spec.tags;
  run.model = spec.model.kind();
  run.fingerprint = id.fingerprint;
  run.lineage = id.lineage;
  run.origin = origin_record(trainer.experiment().origin());
  run.history = id.history;
  run.data_hash = id.data_hash;
  run.protocol = id.protocol;
  // In training a conditional model is judged in one pass, by the labels that come with the data; `mlrun eval` sums
  // them out.
  run.nll_of = trainer.built().model->nll_subject(/*labels_summed_out=*/false);
  run.best_by = name_of(spec.eval.best);
  run.train_examples = trainer.data().count(Split::kTrain);
  run.total_steps = trainer.length().total_steps;
  run.threads = threads;
  run.version = kVersion;
  const std::string given = directory.file("spec.yaml");
  return {.run = std::move(run),
          .spec_yaml = io::exists(given) ? io::read_text_file(given, 1 << 20, ExitCode::kDisk) : "",
          .resolved_yaml = id.resolved_yaml,
          .environment = environment(threads, trainer.reducer().ranks().size())};
}

}  // namespace mlrun

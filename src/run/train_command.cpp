#include "run/train_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"
#include "kernels/isa.hpp"
#include "run/find_run.hpp"
#include "run/neighbours.hpp"
#include "run/scores.hpp"
#include "run/trained_data.hpp"

namespace mlrun {
namespace {

std::string now_utc() {
  // With milliseconds: runs are ordered by this, and a sweep begins several within a second.
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.time_since_epoch().count() % 1000);
}

std::map<std::string, std::string> environment(int threads) {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return {{"mlrun", kVersion},
          {"cpu", cpu_name()},
          {"isa", name_of(kernels::isa_in_force())},
          {"threads", std::to_string(threads)},
          {"host", host}};
}

RunFacts facts_of(const RunDirectory& directory, const Trainer& trainer, const std::string& spec_yaml, int threads) {
  const CheckpointIdentity id = trainer.identity();
  return {.run_id = directory.id(),
          .fingerprint = id.fingerprint,
          .lineage = id.lineage,
          .created = now_utc(),
          .spec_yaml = spec_yaml,
          .resolved_yaml = id.resolved_yaml,
          .environment = environment(threads)};
}

io::Record identity_record(const Trainer& trainer, const RunFacts& facts) {
  const ExperimentSpec& spec = trainer.experiment().spec();
  return {{"id", facts.run_id},
          {"created", facts.created},
          {"name", spec.name},
          {"group", spec.group},
          {"tags", spec.tags},
          {"model", spec.model.kind()},
          {"fingerprint", facts.fingerprint},
          {"lineage", facts.lineage},
          {"data_hash", trainer.data().hash()},
          {"protocol", trainer.data().protocol()},
          // In training a conditional model is judged in one pass, by the labels that come with the data; `mlrun eval`
          // sums them out.
          {"nll_of", nll_subject(*trainer.built().model, /*labels_summed_out=*/false)},
          {"best", spec.eval.best == BestBy::kAccuracy ? "valid/accuracy" : "valid/nll"},
          {"version", kVersion}};
}

RunHeader header_of(const Trainer& trainer, const RunDirectory& directory, int threads) {
  const Experiment& experiment = trainer.experiment();
  const CheckpointIdentity id = trainer.identity();
  RunHeader h;
  h.spec = experiment.source();
  h.fingerprint = id.fingerprint;
  h.data = id.data_description;
  h.data_hash = id.data_hash;
  h.model = experiment.spec().model.kind();
  for (const config::FieldRecord& field : experiment.fields()) {
    if (field.path.rfind("model.", 0) != 0 || field.path == "model.kind" || field.type == config::FieldType::kSection)
      continue;
    h.model_text += (h.model_text.empty() ? "" : "  ") + field.path.substr(6) + " " + field.value;
  }
  h.parameters = trainer.built().parameters->parameter_count();
  h.lanes = experiment.lanes();
  h.threads = threads;
  h.directory = directory.path();
  h.item = trainer.data().spec().is_image() ? "img" : "seq";
  h.dimension = dimension_of(*trainer.built().model, trainer.data());
  h.accuracy = has_accuracy(*trainer.built().model, trainer.data().spec());
  h.total_steps = trainer.length().total_steps;
  if (h.total_steps == 0) h.total_minutes = experiment.spec().train.duration.amount;
  return h;
}

// The spec of a run that goes on must be the one it began with, but for the length of training and bookkeeping.
void require_same_spec(const Experiment& wanted, const CheckpointIdentity& saved, const Dataset& data,
                       const std::string& run) {
  if (wanted.lineage(data) == saved.lineage) return;
  const Experiment before = Experiment::from_text(saved.resolved_yaml, run + "/resolved.yaml");
  std::string text;
  for (const config::Difference& d : config::differences(before.fields(), wanted.fields())) {
    text += fmt::format("\n  {}: {} there, {} here", d.path, d.left.empty() ? "nothing" : d.left,
                        d.right.empty() ? "nothing" : d.right);
  }
  if (data.hash() != saved.data_hash)
    text += fmt::format("\n  data: sha256 {:.12} there, {:.12} here", saved.data_hash, data.hash());
  fail(ExitCode::kUsage,
       "{} was begun with another spec; only train.for may change on resume{}\n"
       "  start a new run from its weights   mlrun train SPEC --from {}\n"
       "  or insist (not exact any more)     --allow-inexact",
       run, text.empty() ? "\n  numerics version" : text, run);
}

// Begins, continues or finds. Owns the parts in the order they depend on each other.
class Training {
 public:
  Training(const TrainRequest& request, TrainObserver& observer) : request_(request), observer_(observer) {}

  TrainOutcome run() {
    std::string run_path;  // of the run to go on with
    if (!request_.resume.empty() && request_.resume != "auto") run_path = find_run(request_.resume);
    read_spec(run_path);
    build_data(run_path);
    const std::string fingerprint = experiment_->fingerprint(*data_);
    if (request_.run_dir.empty() && (request_.if_needed || request_.resume == "auto")) {
      // One at a time looks for a run of this fingerprint and begins one, or two would begin the same.
      io::make_directories(run_root());
      turn_ = std::make_unique<io::FileLock>(run_root() + "/.lock", std::chrono::minutes(1));
    }
    if (request_.if_needed) {
      if (const auto finished = find_by(fingerprint, true)) {
        log::info("{} is finished and has this fingerprint; nothing to do", *finished);
        return {*finished, "finished"};
      }
    }
    if (request_.resume == "auto") {
      if (!request_.run_dir.empty()) run_path = RunDirectory::is_run(request_.run_dir) ? request_.run_dir : "";
      else run_path = find_by(fingerprint, false).value_or("");
    }
    threads_ = threads_for(experiment_->lanes(), request_.threads);
    return run_path.empty() ? begin() : go_on(run_path);
  }

 private:
  void read_spec(const std::string& run_path) {
    std::string path = request_.spec;
    if (path.empty()) path = run_path + "/resolved.yaml";
    else if (io::is_directory(path) ||
             !io::exists(path)) {  // a run as a spec; a missing file is reported by the reader
      if (io::is_directory(path)) path = RunDirectory::open(path).file("resolved.yaml");
      else if (path.find('/') == std::string::npos && path.find(".y") == std::string::npos)
        path = find_run(path) + "/resolved.yaml";
    }
    experiment_ = std::make_unique<Experiment>(Experiment::load(path, request_.overrides, request_.places));
    spec_yaml_ = io::read_text_file(path, 1 << 20, ExitCode::kUsage);
  }

  // A prior that goes on needs the run of its codes no more: its own checkpoint holds their model.
  void build_data(const std::string& run_path) {
    const DataSources sources = data_sources_from_environment(experiment_->spec().seed);
    if (!run_path.empty() && experiment_->spec().data.kind() == "codes") {
      const RunDirectory run = RunDirectory::open(run_path);
      if (const auto step = run.latest_valid_checkpoint())
        data_ = mlrun::build_data(*experiment_, sources, load_trained_model(run.checkpoint_path(*step)));
    }
    if (!data_) data_ = experiment_->spec().data.build(sources);
  }

  std::optional<std::string> find_by(const std::string& fingerprint, bool finished) const {
    for (const RunSummary& run : all_runs(run_root())) {
      if (run.fingerprint == fingerprint && run.status != "diverged" && (run.status == "finished") == finished)
        return run.path;
    }
    return std::nullopt;
  }

  TrainOutcome begin() {
    trainer_ = std::make_unique<Trainer>(*experiment_, *data_, threads_);
    trainer_->initialise();
    if (!request_.from.empty()) trainer_->take_weights(Checkpoint(find_checkpoint(request_.from)));
    const std::string name = expand_name(experiment_->spec().name, experiment_->fields());
    RunDirectory directory =
        RunDirectory::create(run_root(), name, request_.run_dir, /*take_over=*/request_.resume == "auto");
    io::write_atomically(directory.file("spec.yaml"), spec_yaml_);
    const RunFacts facts = facts_of(directory, *trainer_, spec_yaml_, threads_);
    Recorder recorder(directory, facts);
    recorder.note("run", identity_record(*trainer_, facts));
    io::write_atomically(directory.file("resolved.yaml"), experiment_->resolved_yaml());  // from here on it is a run
    return live(directory, recorder, 0);
  }

  TrainOutcome go_on(const std::string& path) {
    RunDirectory directory = RunDirectory::open_locked(path);
    // Its last holder may have finished it between our look and the lock.
    if (const RunSummary now = summarise_run(path);
        request_.if_needed && now.status == "finished" && now.fingerprint == experiment_->fingerprint(*data_)) {
      return {path, "finished"};
    }
    trainer_ = std::make_unique<Trainer>(*experiment_, *data_, threads_);
    const std::optional<int64_t> step = directory.latest_valid_checkpoint();
    if (!step && !directory.checkpoint_steps().empty()) {
      fail(ExitCode::kCheckpoint, "{}: none of its {} checkpoints is intact", path,
           directory.checkpoint_steps().size());
    }
    const RunFacts facts = facts_of(directory, *trainer_, spec_yaml_, threads_);
    Recorder recorder(directory, facts);
    if (step) {
      const Checkpoint checkpoint(directory.checkpoint_path(*step));
      if (!request_.allow_inexact) require_same_spec(*experiment_, checkpoint.identity(), *data_, path);
      trainer_->restore(checkpoint);
      directory.set_aside_newer_checkpoints(*step);
      note_change(directory, recorder, checkpoint.identity());
    } else {
      trainer_->initialise();
    }
    const double elapsed = recorder.resume(trainer_->state());
    recorder.note("resume", {{"from_step", trainer_->state().step}, {"at", now_utc()}});
    return live(directory, recorder, elapsed);
  }

  // A longer (or, inexact, another) spec is recorded, and is the run's spec from now on.
  void note_change(const RunDirectory& directory, Recorder& recorder, const CheckpointIdentity& saved) {
    if (experiment_->fingerprint(*data_) == saved.fingerprint) return;
    recorder.note("extend", {{"fingerprint", experiment_->fingerprint(*data_)},
                             {"before", saved.fingerprint},
                             {"from_step", trainer_->state().step}});
    io::write_atomically(directory.file("resolved.yaml"), experiment_->resolved_yaml());
  }

  TrainOutcome live(RunDirectory& directory, Recorder& recorder, double elapsed) {
    turn_.reset();  // others find the run now, and see that it is held
    log::set_file(directory.file("log.txt"));
    warn_if_sharing_cores(threads_);
    recorder.write_run_file("running");
    RunHeader header = header_of(*trainer_, directory, threads_);
    header.first_step = trainer_->state().step;
    observer_.started(header);
    LoopOptions loop = request_.loop;
    loop.elapsed_before = elapsed;
    const auto close = [&](const std::string& status) {
      recorder.note("status", {{"status", status}, {"at_step", trainer_->state().step}});
      recorder.write_run_file(status);
      observer_.finished(status);
      log::set_file("");
    };
    try {
      const std::string status = run_training(*trainer_, directory, recorder, observer_, loop);
      log::set_file("");
      return {directory.path(), status};
    } catch (const Error& e) {
      close(e.code() == ExitCode::kDiverged ? "diverged" : "failed");
      throw;
    }
  }

  const TrainRequest& request_;
  TrainObserver& observer_;
  std::unique_ptr<Experiment> experiment_;
  std::unique_ptr<Dataset> data_;
  std::unique_ptr<Trainer> trainer_;
  std::string spec_yaml_;
  std::unique_ptr<io::FileLock> turn_;
  int threads_ = 1;
};

}  // namespace

int threads_for(int64_t lanes, int wanted) {
  const auto cores = static_cast<int64_t>(affinity_cores().size());
  return static_cast<int>(std::max<int64_t>(1, std::min(lanes, wanted > 0 ? wanted : cores)));
}

std::string expand_name(const std::string& name_template, const config::Fields& fields) {
  std::string out;
  for (size_t i = 0; i < name_template.size(); ++i) {
    const size_t end = name_template[i] == '{' ? name_template.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += name_template[i];
      continue;
    }
    const std::string path = name_template.substr(i + 1, end - i - 1);
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const config::FieldRecord& f) { return f.path == path; });
    if (field == fields.end())
      fail(ExitCode::kUsage, "name: '{}' names no field of the spec ({})", path, name_template);
    for (const char c : field->value)
      out += std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' ? c : '-';
    i = end;
  }
  return out.substr(0, 64);
}

TrainOutcome train(const TrainRequest& request, TrainObserver& observer) { return Training(request, observer).run(); }

}  // namespace mlrun

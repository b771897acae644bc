#include "commands/train/train.hpp"

#include <chrono>
#include <utility>

#include "base/advice.hpp"
#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "commands/runs/show.hpp"
#include "commands/train/changed_spec.hpp"
#include "commands/train/idle_threads.hpp"
#include "commands/train/neighbours.hpp"
#include "commands/train/run_header.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/find_answer.hpp"
#include "experiment/labels.hpp"
#include "experiment/load_spec.hpp"
#include "experiment/same_on_all_ranks.hpp"
#include "experiment/trained_data.hpp"
#include "io/checkpoint_file.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"
#include "optim/rank_reducer.hpp"
#include "train/continuation.hpp"
#include "train/run_facts.hpp"

namespace mlrun {
namespace {

// Begins, continues or finds. Owns the parts in the order they depend on each other.
class Training {
 public:
  Training(const TrainRequest& request, TrainObserver& observer) : request_(request), observer_(observer) {}

  TrainOutcome run() {
    std::string run_path;  // of the run to go on with
    together(request_.ranks, [&] {
      if (!request_.resume.empty() && request_.resume != "auto") run_path = find_run(request_.resume);
      read_spec(run_path);
      build_data(run_path);
    });
    require_ranks_fit();
    if (!request_.ranks.first()) return follow();
    const std::string fingerprint = experiment_->fingerprint(*data_);
    if (request_.run_dir.empty() && (request_.if_needed || request_.resume == "auto")) {
      // One at a time looks for a run of this fingerprint and begins one, or two would begin the same.
      io::make_directories(run_root());
      turn_ = std::make_unique<io::FileLock>(run_root() + "/.lock", std::chrono::minutes(1));
    }
    if (request_.if_needed) {
      if (const auto answer = find_answer(run_root(), fingerprint, experiment_->spec())) return is_answered_by(*answer);
    }
    if (request_.resume == "auto") {
      if (!request_.run_dir.empty()) run_path = RunDirectory::is_run(request_.run_dir) ? request_.run_dir : "";
      else if (const auto unfinished = find_unfinished(run_root(), fingerprint)) run_path = unfinished->path;
    }
    return run_path.empty() ? begin() : go_on(run_path);
  }

 private:
  // What the first rank has found out, for the others.
  struct Start {
    bool trains;         // false: the answer is a run that is finished
    TrainedTime before;  // of the run that goes on
  };

  void require_ranks_fit() {
    Ranks& ranks = request_.ranks;
    if (ranks.several()) {
      RankFacts facts = facts_of_this_rank();
      const auto& stop = request_.loop.stop_after;
      facts.emplace_back("--stop-after", stop ? config::print_period(*stop) : "none");
      facts.emplace_back("spec", experiment_->resolved_yaml());
      facts.emplace_back("data", data_->hash());
      require_same_on_all_ranks(ranks, facts, request_.mixed_cpus);
      together(ranks, [&] { rank_reducer_ = std::make_unique<RankReducer>(ranks, experiment_->lanes()); });
    }
    const int64_t at_once = std::max<int64_t>(1, reducer().own_lanes(experiment_->lanes_at_once()).size());
    threads_ = threads_of_rank(ranks, at_once, request_.threads);
  }

  Reducer& reducer() { return rank_reducer_ ? *rank_reducer_ : in_process_reducer(); }

  void make_trainer() { trainer_ = std::make_unique<Trainer>(*experiment_, *data_, threads_, reducer()); }

  // What the ranks have alike before the first step: the weights, and the codes that the images of a prior are given.
  void share_beginning() {
    trainer_->share_beginning();
    const CodesDataset* codes = as_codes(*data_);
    if (!codes || !request_.ranks.several()) return;
    LanePool pool(threads_);
    codes->encode_together(Split::kTrain, request_.ranks, pool,
                           [this] { return request_.loop.interrupted && request_.loop.interrupted() != 0; });
  }

  // Every rank but the first: computes, and leaves nothing.
  TrainOutcome follow() {
    make_trainer();
    Start start{};
    broadcast(request_.ranks, &start, 1);
    if (!start.trains) return {};
    request_.ranks.set_remedy(text_of_first(request_.ranks, ""));
    share_beginning();
    LoopOptions loop = request_.loop;
    loop.before = {.seconds = start.before.seconds, .cpu_seconds = 0};
    RunKeeper nothing;
    TrainObserver nobody;
    const LoopOutcome end = run_training(*trainer_, nothing, nobody, loop);
    return {"", end.status, "", end.trained, trainer_->length().total_steps, end.signal};
  }

  void read_spec(const std::string& run_path) {
    const std::string path = spec_path(request_.spec.empty() ? run_path : request_.spec);
    experiment_ = std::make_unique<Experiment>(load_spec(path, request_.overrides, request_.places));
    spec_path_ = path;
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

  // `locked`: the run, where this process holds it already.
  TrainOutcome is_answered_by(const RunSummary& run, const RunDirectory* locked = nullptr) const {
    const std::string also = label_answer(run, experiment_->spec(), locked);
    log::info("{} is finished and has this fingerprint; nothing to do{}", run.path, also.empty() ? "" : "; " + also);
    Start answered{false, {}};
    broadcast(request_.ranks, &answered, 1);
    return {run.path, RunStatus::kFinished, "", true, 0, 0};
  }

  TrainOutcome begin() {
    make_trainer();
    trainer_->initialise();
    const std::string name = expand_name(experiment_->spec().name, experiment_->fields());
    RunDirectory directory =
        RunDirectory::create(run_root(), name, request_.run_dir, /*take_over=*/request_.resume == "auto");
    observer_.opened();
    io::write_atomically(directory.file("spec.yaml"), io::read_text_file(spec_path_, 1 << 20, ExitCode::kUsage));
    const RunFacts facts = facts_of(directory, *trainer_, "", threads_);
    Recorder recorder(directory, facts);
    recorder.note("run", identity_record(facts.run));
    if (experiment_->origin()) save_beginning(directory);
    io::write_atomically(directory.file("resolved.yaml"), experiment_->resolved_yaml());  // from here on it is a run
    return live(directory, recorder, {});
  }

  // The origin's files belong to somebody else: the run keeps the weights it begins with until it has others.
  void save_beginning(const RunDirectory& directory) {
    io::write_checkpoint(
        directory.checkpoint_path(0),
        checkpoint_image(trainer_->identity(), trainer_->state(), *trainer_->built().parameters, trainer_->updater()));
  }

  TrainOutcome go_on(const std::string& path) {
    RunDirectory directory = RunDirectory::open_locked(path);
    observer_.opened();
    const RunSummary so_far = summarise_run(path);
    // Its last holder may have finished it between our look and the lock.
    if (request_.if_needed && so_far.status == RunStatus::kFinished && has_usable_checkpoint(so_far) &&
        so_far.fingerprint == experiment_->fingerprint(*data_)) {
      return is_answered_by(so_far, &directory);
    }
    const Labels labels = missing_labels(so_far, experiment_->spec());
    const bool named = is_argument(*experiment_, "name");  // else it keeps what `mlrun rename` called it
    if (!request_.spec.empty()) {
      if (auto kept = with_labels_kept(directory, *experiment_, spec_path_, request_.overrides, request_.places))
        experiment_ = std::make_unique<Experiment>(std::move(*kept));
    }
    make_trainer();
    const std::optional<int64_t> step = directory.latest_valid_checkpoint();
    if (!step && !directory.checkpoint_steps().empty()) {
      fail(ExitCode::kCheckpoint, "{}: none of its {} checkpoints is intact", path,
           directory.checkpoint_steps().size());
    }
    std::optional<Checkpoint> checkpoint;
    if (step) checkpoint.emplace(directory.checkpoint_path(*step));
    const CheckpointIdentity saved = checkpoint ? checkpoint->identity() : beginning_of(directory, so_far, *data_);
    const TrainState state = checkpoint ? checkpoint->state() : TrainState();
    const Continuation next = continue_under(*trainer_, saved, state, so_far, request_.allow_inexact);
    if (checkpoint) {
      if (next.extended) require_weights_fit(*checkpoint, *experiment_, *data_, trainer_->built());
      trainer_->restore(*checkpoint);
      directory.set_aside_newer_checkpoints(*step);
    } else {
      trainer_->initialise();
      if (so_far.step > 0)
        log::warning("{} has no checkpoint left: it begins again, and its {} steps are lost", path, so_far.step);
    }
    trainer_->set_history(next.history);
    RunFacts facts = facts_of(directory, *trainer_, so_far.created, threads_);
    if (!named && !so_far.name.empty()) facts.run.name = so_far.name;
    Recorder recorder(directory, facts);
    const TrainedTime before = recorder.resume(trainer_->state());
    if (facts.run.fingerprint != so_far.fingerprint) note_change(recorder, facts, so_far, next, *trainer_);
    note_labels(recorder, so_far, labels, facts.run.name);
    if (io::read_text_file(directory.file("resolved.yaml"), 1 << 20, ExitCode::kDisk) != facts.resolved_yaml)
      io::write_atomically(directory.file("resolved.yaml"), facts.resolved_yaml);
    recorder.note("resume", {{"from_step", trainer_->state().step}, {"at", now_utc()}, {"threads", threads_}});
    return live(directory, recorder, before);
  }

  TrainOutcome live(RunDirectory& directory, Recorder& recorder, const TrainedTime& before) {
    turn_.reset();  // others find the run now, and see that it is held
    log::set_file(directory.file("log.txt"));
    if (!request_.ranks.several()) {  // which would be taken for strangers
      warn_if_sharing_cores(threads_, run_root());
      say_what_idles(*experiment_, request_.threads);
    }
    recorder.write_run_file(RunStatus::kRunning);
    RunHeader header = header_of(*trainer_, directory, threads_);
    header.first_step = trainer_->state().step;
    observer_.started(header);
    Start start{true, before};
    broadcast(request_.ranks, &start, 1);
    // Whoever is left of the ranks can say it.
    const std::string remedy = "go on with   " + advice::launched({"train", "--resume", directory.path()});
    request_.ranks.set_remedy(text_of_first(request_.ranks, remedy));
    share_beginning();
    LoopOptions loop = request_.loop;
    loop.before = before;
    const auto close = [&](RunStatus status) {
      recorder.note("status", {{"status", name_of(status)}, {"at_step", trainer_->state().step}});
      recorder.write_run_file(status);
      observer_.finished(status);
      log::set_file("");
    };
    try {
      DiskKeeper keeper(directory, recorder);
      const LoopOutcome end = run_training(*trainer_, keeper, observer_, loop);
      log::set_file("");
      return {directory.path(), end.status, end.reason, end.trained, trainer_->length().total_steps, end.signal};
    } catch (const Error& e) {
      // What a full disk refused it takes when there is room again.
      const bool refused = e.code() == ExitCode::kDisk;
      const Error told(e.code(), refused ? fmt::format("{}\n  {}", e.what(), remedy) : e.what());
      request_.ranks.fail(told.code(), told.what());  // before files are written: the others wait
      close(e.code() == ExitCode::kDiverged ? RunStatus::kDiverged : RunStatus::kFailed);
      throw told;
    }
  }

  const TrainRequest& request_;
  TrainObserver& observer_;
  std::unique_ptr<Experiment> experiment_;
  std::unique_ptr<Dataset> data_;
  std::unique_ptr<RankReducer> rank_reducer_;  // of several ranks
  std::unique_ptr<Trainer> trainer_;
  std::string spec_path_;
  std::unique_ptr<io::FileLock> turn_;
  int threads_ = 1;
};

}  // namespace

TrainOutcome train(const TrainRequest& request, TrainObserver& observer) { return Training(request, observer).run(); }

}  // namespace mlrun

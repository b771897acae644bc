// A loop decides by what all processes of a run have agreed to see, and by nothing that one of them sees alone.
#include <csignal>
#include <filesystem>
#include <memory>

#include "catch.hpp"
#include "temporary_directory.hpp"
#include "train/run_facts.hpp"
#include "train/training_loop.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const char* const kSpec =
    "data: {kind: digits, train_limit: 60, valid_limit: 20, test_limit: 20}\n"
    "model: {kind: fvsbn}\n"
    "train: {for: 12 steps, batch_size: 20}\n"
    "eval: {every: 100 steps, samples: 0}\n"
    "checkpoint: {every: eval, keep: 100}\n"
    "compute: {lanes: 2}\n";

// The other process of the run: what it sees is put to what this one sees, from its call number `from` on.
class OtherProcess : public Reducer {
 public:
  OtherProcess(LocalSight sight, int64_t from) : sight_(sight), from_(from) {}
  void fold(const std::vector<float*>& lanes, const FoldPlan& plan, std::span<double> squares,
            LanePool& pool) override {
    in_process_reducer().fold(lanes, plan, squares, pool);
  }
  LaneSums sum(const std::vector<LaneSums>& lanes) override { return in_process_reducer().sum(lanes); }
  const std::vector<Statistics>& gather(const std::vector<Statistics>& lanes) override { return lanes; }
  LocalSight agree(const LocalSight& own) override {
    if (++calls_ < from_) return own;
    LocalSight both = own;
    if (both.signal == 0) both.signal = sight_.signal;
    both.save_requested = both.save_requested || (calls_ == from_ && sight_.save_requested);
    both.broken_off = both.broken_off || sight_.broken_off;
    both.seconds = sight_.seconds;  // its clock is the one that counts
    return both;
  }

 private:
  LocalSight sight_;
  int64_t from_, calls_ = 0;
};

struct Ended {
  RunStatus status;
  int64_t step = 0;
  std::vector<int64_t> checkpoints;
};

Ended train_beside(OtherProcess& other, const std::string& spec, const LoopOptions& options = {}) {
  const TemporaryDirectory root;
  const Experiment experiment = Experiment::from_text(spec, "spec");
  const std::unique_ptr<Dataset> data = experiment.spec().data.build(data_sources_from_environment(1));
  Trainer trainer(experiment, *data, 1, other);
  trainer.initialise();
  RunDirectory directory = RunDirectory::create(root.path(), "run", root / "run", false);
  Recorder recorder(directory, facts_of(directory, trainer, "", 1));
  TrainObserver nobody;
  DiskKeeper keeper(directory, recorder);
  const LoopOutcome outcome = run_training(trainer, keeper, nobody, options);
  return {outcome.status, trainer.state().step, directory.checkpoint_steps()};
}

}  // namespace

TEST_CASE("a signal that another process of the run has seen ends this one at the same step") {
  OtherProcess other({.signal = SIGTERM}, 6);
  const Ended ended = train_beside(other, kSpec);
  CHECK(ended.status == RunStatus::kInterrupted);
  CHECK(ended.step == 5);
  CHECK(ended.checkpoints == std::vector<int64_t>{5});
}

TEST_CASE("a checkpoint that another process was asked for is made, once") {
  OtherProcess other({.save_requested = true}, 4);
  const Ended ended = train_beside(other, kSpec);
  CHECK(ended.status == RunStatus::kFinished);
  CHECK(ended.checkpoints == std::vector<int64_t>{12});  // that of the request is gone: it is not the spec's
  OtherProcess again({.save_requested = true}, 4);
  LoopOptions stop;
  stop.stop_after = config::Period{7, config::Period::Unit::kSteps};
  CHECK(train_beside(again, kSpec, stop).checkpoints == std::vector<int64_t>{3, 7});
}

TEST_CASE("time is that of the agreed clock") {
  OtherProcess other({.seconds = 3600}, 9);
  LoopOptions stop;
  stop.stop_after = config::Period{30, config::Period::Unit::kMinutes};
  const Ended ended = train_beside(other, kSpec, stop);
  CHECK(ended.status == RunStatus::kStopped);
  CHECK(ended.step == 8);
}

TEST_CASE("an evaluation that another process broke off counts for nobody") {
  std::string spec = kSpec;
  spec.replace(spec.find("every: 100 steps"), 16, "every: 4 steps");
  OtherProcess other({.broken_off = true}, 1);
  const Ended ended = train_beside(other, spec);
  CHECK(ended.status == RunStatus::kInterrupted);
  CHECK(ended.step == 4);
}

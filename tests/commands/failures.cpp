// What goes wrong in a run, and what is left afterwards.
#include <cmath>
#include <cstring>
#include <fstream>

#include "catch.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"
#include "small_run.hpp"
#include "train/trainer.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a diverging step names step and tensor, and leaves the weights as they were") {
  const Experiment experiment = Experiment::from_text(
      "data: {kind: digits, train_limit: 40, valid_limit: 20}\nmodel: {kind: made, hidden: [20]}\n"
      "optim: {kind: sgd, lr: 1e-3}\ntrain: {for: 9 steps, batch_size: 20}\ncompute: {lanes: 2}\n",
      "test");
  const auto data = experiment.spec().data.build(data_sources_from_environment(1));
  Trainer trainer(experiment, *data, 2);
  trainer.initialise();
  trainer.step();
  Tensor& weights = trainer.built().parameters->flat();
  weights.data<float>()[0] =
      std::numeric_limits<float>::quiet_NaN();  // hidden_1/weight of a pixel that is not always 0
  weights.data<float>()[400] = std::numeric_limits<float>::quiet_NaN();
  const Tensor before = weights.clone();
  try {
    for (int i = 0; i < 3; ++i) trainer.step();
    FAIL("NaN was accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kDiverged);
    CHECK(std::string(e.what()).find("step 2") != std::string::npos);
    CHECK(std::string(e.what()).find("as they were") != std::string::npos);
  }
  CHECK(std::memcmp(before.raw(), weights.raw(), before.bytes()) == 0);
}

TEST_CASE("a diverged run says so in its status and keeps its checkpoints") {
  const TemporaryDirectory root;
  const std::string spec =
      "data: {kind: digits, train_limit: 60, valid_limit: 20}\nmodel: {kind: made, hidden: [20]}\n"
      "optim: {kind: sgd, lr: 1e30}\ntrain: {for: 50 steps, batch_size: 20}\neval: {every: 1 steps, samples: "
      "0}\ncompute: {lanes: 1}\n";
  try {
    train_in(root / "run", spec);
    FAIL("it did not diverge");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kDiverged);
  }
  CHECK(summarise_run(root / "run").status == RunStatus::kDiverged);
}

TEST_CASE("a directory that exists is refused with exit code 6 and how to go on") {
  const TemporaryDirectory root;
  train_in(root / "run", spec_of("{kind: fvsbn}", 2));
  try {
    RunDirectory::create(root / "", "x", root / "run");
    FAIL("overwritten");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kLocked);
    CHECK(std::string(e.what()).find("--resume") != std::string::npos);
  }
}

TEST_CASE("a locked run is refused naming its holder, and an unlocked one is free again") {
  const TemporaryDirectory root;
  train_in(root / "run", spec_of("{kind: fvsbn}", 2));
  {
    const RunDirectory held = RunDirectory::open_locked(root / "run");
    try {
      RunDirectory::open_locked(root / "run");
      FAIL("locked twice");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::kLocked);
      CHECK(std::string(e.what()).find(std::to_string(getpid())) != std::string::npos);
    }
  }
  CHECK_NOTHROW(RunDirectory::open_locked(root / "run"));
}

TEST_CASE("when no checkpoint is intact the answer is exit code 7, and nothing is overwritten") {
  const TemporaryDirectory root;
  const std::string spec = spec_of("{kind: fvsbn}", 6);
  train_in(root / "run", spec, 1, 3);
  const RunDirectory run = RunDirectory::open(root / "run");
  for (const int64_t step : run.checkpoint_steps())
    std::ofstream(run.checkpoint_path(step), std::ios::binary) << "not a checkpoint";
  try {
    train_in(root / "run", spec);
    FAIL("went on from nothing");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kCheckpoint);
  }
  for (const int64_t step : run.checkpoint_steps()) CHECK(read(run.checkpoint_path(step)) == "not a checkpoint");
}

TEST_CASE("a schedule that needs the number of steps refuses a training by the clock") {
  const TemporaryDirectory root;
  try {
    train_in(
        root / "run",
        "data: {kind: digits, train_limit: 40}\nmodel: {kind: fvsbn}\nschedule: {kind: cosine}\ntrain: {for: 1 min}\n");
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("schedule.kind=constant") != std::string::npos);
  }
}

TEST_CASE("early stopping ends a run that no longer gets better") {
  const TemporaryDirectory root;
  const std::string spec =
      "data: {kind: digits, train_limit: 40, valid_limit: 20}\nmodel: {kind: fvsbn}\noptim: {kind: sgd, lr: 0}\n"
      "train: {for: 100 steps, batch_size: 20, patience: 3}\neval: {every: 2 steps, samples: 0}\ncompute: {lanes: 1}\n";
  CHECK(train_in(root / "run", spec).status == RunStatus::kFinished);
  CHECK(summarise_run(root / "run").step == 8);  // a first evaluation that is the best, and three that are not better
}

TEST_CASE("by eval.best: last the last evaluation is the result, and patience looks at the NLL") {
  const TemporaryDirectory root;
  // It gets worse from the first evaluation on.
  const std::string spec =
      "data: {kind: digits, train_limit: 40, valid_limit: 20, test_limit: 20}\nmodel: {kind: fvsbn}\n"
      "optim: {kind: sgd, lr: 3}\ntrain: {for: 8 steps, batch_size: 20, patience: 3}\n"
      "eval: {every: 2 steps, samples: 0, best: last}\ncompute: {lanes: 1}\n";
  train_in(root / "run", spec);
  const RunSummary run = summarise_run(root / "run");
  CHECK(run.best_by == "last");
  CHECK(run.best_step == run.step);
  CHECK(run.best_nll == run.last_nll);
  CHECK(find_checkpoint(root / "run", "best") == RunDirectory::open(root / "run").checkpoint_path(run.step));
  CHECK(train_in(root / "patient", spec, 1, 0, {"optim.lr=0", "train.for=100 steps"}).reason ==
        "no new best in 3 evaluations (train.patience)");
}

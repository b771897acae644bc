// Checkpoints that the clock makes: how much a kill can lose. They change nothing that a run is judged by.
#include <algorithm>

#include "catch.hpp"

#include "experiment/experiment.hpp"
#include "io/directory.hpp"
#include "runs/run_directory.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// A checkpoint after every step, by a clock that is always due.
const std::string kTimed =
    "data: {kind: digits, train_limit: 60, valid_limit: 20, test_limit: 20}\nmodel: {kind: fvsbn}\n"
    "train: {for: 20 steps, batch_size: 14}\neval: {every: 6 steps, samples: 0}\n"
    "checkpoint: {every: 1e-9 min}\ncompute: {lanes: 2}\n";

std::vector<int64_t> steps_in(const std::string& run) { return RunDirectory::open(run).checkpoint_steps(); }

}  // namespace

TEST_CASE("every ten minutes is the default; a spec that says eval keeps its meaning") {
  const std::string spec = "data: {kind: digits}\nmodel: {kind: fvsbn}\n";
  const auto every = Experiment::from_text(spec, "test").spec().checkpoint.every;
  REQUIRE(every);
  CHECK(*every == config::Period{10, config::Period::Unit::kMinutes});
  CHECK_FALSE(Experiment::from_text(spec + "checkpoint: {every: eval}\n", "test").spec().checkpoint.every);
}

TEST_CASE("checkpoints of the clock change neither weights nor metrics, and equal runs end with equal files") {
  const TemporaryDirectory root;
  train_in(root / "a", kTimed);
  train_in(root / "b", kTimed);
  train_in(root / "evaluations", kTimed, 1, 0, {"checkpoint.every=eval"});
  CHECK(timeless_journal(root / "a") == timeless_journal(root / "evaluations"));
  REQUIRE(steps_in(root / "a") == steps_in(root / "b"));
  CHECK(steps_in(root / "a") == steps_in(root / "evaluations"));
  for (const int64_t step : steps_in(root / "a")) {
    CHECK(read(RunDirectory::open(root / "a").checkpoint_path(step)) ==
          read(RunDirectory::open(root / "b").checkpoint_path(step)));
  }
  // Stopped wherever, and gone on with.
  for (const int stops : {5, 7}) train_in(root / "c", kTimed, 1, stops);
  train_in(root / "c", kTimed);
  CHECK(steps_in(root / "c") == steps_in(root / "a"));
}

TEST_CASE("while it runs, the newest of the clock stand beside those of the spec and the best") {
  const TemporaryDirectory root;
  train_in(root / "run", kTimed, 1, 17);
  const std::vector<int64_t> steps = steps_in(root / "run");
  for (const int64_t needed : {6, 12, 16, 17}) CHECK(std::count(steps.begin(), steps.end(), needed) == 1);
  CHECK(steps.size() == 4);
}

TEST_CASE("what is removed: all but the newest, the newest that last, and the best") {
  const TemporaryDirectory root;
  const RunDirectory run = RunDirectory::create(root / "", "x", root / "run");
  const auto lasting = [](int64_t step) { return step % 10 == 0; };
  const auto fill = [&] {
    for (const int64_t step : {3, 10, 20, 23, 30, 31, 32, 33}) std::ofstream(run.checkpoint_path(step)) << "x";
  };
  fill();
  run.prune_checkpoints({2, 2, 3}, lasting);
  CHECK(run.checkpoint_steps() == std::vector<int64_t>{3, 20, 30, 32, 33});
  fill();
  run.prune_checkpoints({0, 2, 0}, lasting);
  CHECK(run.checkpoint_steps() == std::vector<int64_t>{20, 30});
}

// The history of a run: a longer run is the one begun with that length only if it made the same steps.
#include "runs/history.hpp"
#include "experiment/checkpoint.hpp"

#include "catch.hpp"

#include "experiment/find_answer.hpp"
#include "identity_runs.hpp"
#include "io/checkpoint_file.hpp"
#include "optim/schedule.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const std::string kCosine = "schedule: {kind: cosine}\n";

std::string fingerprint_of(const std::string& run) { return summarise_run(run).fingerprint; }

bool answers(const std::string& root, const std::string& spec) {
  const Experiment e = Experiment::from_text(spec, "spec");
  const auto data = e.spec().data.build(data_sources_from_environment(1));
  return find_answer(root, e.fingerprint(*data), e.spec()).has_value();
}

}  // namespace

TEST_CASE("of every schedule: an extended run is the longer one exactly where it made the same steps") {
  REQUIRE(schedule_kinds().kinds().size() >= 5);
  for (const auto& [kind, entry] : schedule_kinds().kinds()) {
    INFO(kind);
    const TemporaryDirectory root;
    const std::string schedule =
        "schedule: {kind: " + kind + ", warmup: 2 steps" + (kind == "step" ? ", every: 3 steps" : "") + "}\n";
    const std::string run = root / "run", fresh = root / "fresh";
    train_in(run, plain_spec(4, schedule));
    train_in(fresh, plain_spec(8, schedule));
    REQUIRE(resume(run, {"train.for=8 steps"}).status == RunStatus::kFinished);
    const bool same = read(checkpoint_of(run, 8)) == read(checkpoint_of(fresh, 8));
    CHECK(same == (kind != "cosine" && kind != "linear"));
    CHECK(summarise_run(run).history.empty() == same);
    CHECK((fingerprint_of(run) == fingerprint_of(fresh)) == same);
    std::filesystem::remove_all(fresh);
    CHECK(answers(root.path(), plain_spec(8, schedule)) == same);
    CHECK_FALSE(answers(root.path(), plain_spec(4, schedule)));  // it is the longer one now
  }
}

TEST_CASE("what is not exact is in the journal, run.h5 and every later checkpoint, for good") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, plain_spec(4, kCosine));
  const std::string short_one = fingerprint_of(run), begun = read(run + "/spec.yaml");
  const std::string created = summarise_run(run).created;
  REQUIRE(resume(run, {"train.for=8 steps"}).status == RunStatus::kFinished);
  REQUIRE(resume(run).status == RunStatus::kFinished);
  const auto check = [&](const History& history) {
    REQUIRE(history.size() == 1);
    CHECK(history[0].begin == 0);
    CHECK(history[0].end == 4);
    CHECK(history[0].fingerprint == short_one);
    CHECK(contains(history[0].departure, "train.for: 4 steps there, 8 steps here"));
    CHECK(contains(history[0].departure, "learning rate"));
  };
  check(summarise_run(run).history);
  check(Checkpoint(checkpoint_of(run, 8)).identity().history);
  CHECK(Checkpoint(checkpoint_of(run, 4)).identity().history.empty());
  const io::Hdf5Reader file = io::open_hdf5(run + "/run.h5", 1 << 30, ExitCode::kData);
  check(read_history(file));
  CHECK(file.integer_attribute("/", "exact") == 0);
  CHECK(contains(read_history(file)[0].resolved_yaml, "for: 4 steps"));
  CHECK(file.text_attribute("/", "created") == created);
  CHECK(file.text("config/spec_yaml") == begun);
  CHECK(fingerprint_of(run) == file.text_attribute("/", "fingerprint"));
  CHECK(Checkpoint(checkpoint_of(run, 8)).identity().fingerprint == fingerprint_of(run));
  // Once more, and it has two segments.
  REQUIRE(resume(run, {"train.for=12 steps"}).status == RunStatus::kFinished);
  const History twice = summarise_run(run).history;
  REQUIRE(twice.size() == 2);
  CHECK(twice[1].begin == 4);
  CHECK(twice[1].end == 8);
}

TEST_CASE("an inexact run that is stopped, killed and resumed gives the bytes of one that was not") {
  const TemporaryDirectory root;
  for (const std::string& run : {root / "whole", root / "stops"}) train_in(run, plain_spec(4, kCosine));
  REQUIRE(resume(root / "whole", {"train.for=12 steps"}).status == RunStatus::kFinished);
  REQUIRE(resume(root / "stops", {"train.for=12 steps"}, false, 2).status == RunStatus::kStopped);
  std::filesystem::remove(
      checkpoint_of(root / "stops", 6));  // killed before its first checkpoint under the longer spec
  REQUIRE(resume(root / "stops", {}, false, 3).status == RunStatus::kStopped);
  REQUIRE(resume(root / "stops").status == RunStatus::kFinished);
  CHECK(read(checkpoint_of(root / "stops", 12)) == read(checkpoint_of(root / "whole", 12)));
  CHECK(timeless_journal(root / "stops") == timeless_journal(root / "whole"));
  CHECK(fingerprint_of(root / "stops") == fingerprint_of(root / "whole"));
}

TEST_CASE("resuming for less than was trained is refused, and changes nothing") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  for (const std::string& schedule : {std::string(), kCosine}) {
    std::filesystem::remove_all(run);
    train_in(run, plain_spec(9, schedule));
    const auto before = files_of(run);
    for (const std::string less : {"train.for=8 steps", "train.for=1 epoch"}) {
      const std::string words = refusal_of(ExitCode::kUsage, [&] { resume(run, {less}); });
      CHECK(contains(words, "has trained 9 steps"));
      CHECK(contains(words, "mlrun train --resume " + run + " 'train.for=18 steps'"));
      CHECK(files_of(run) == before);
    }
  }
  // A run by the clock, too.
  std::filesystem::remove_all(run);
  train_in(run, plain_spec(4), 1, 0, {"train.for=0.002 min"});
  const auto before = files_of(run);
  CHECK(
      contains(refusal_of(ExitCode::kUsage, [&] { resume(run, {"train.for=0.0001 min"}); }), "cannot be made shorter"));
  CHECK(files_of(run) == before);
  CHECK(resume(run).status == RunStatus::kFinished);  // its own length is never too little
  // A run that stopped on its way may become shorter, as long as it is not shorter than it is.
  const std::string stopped = root / "stopped";
  train_in(stopped, plain_spec(12), 1, 5);
  train_in(root / "eight", plain_spec(8));
  REQUIRE(resume(stopped, {"train.for=8 steps"}).status == RunStatus::kFinished);
  CHECK(read(checkpoint_of(stopped, 8)) == read(checkpoint_of(root / "eight", 8)));
}

TEST_CASE("an evaluation that the longer run would not have made is a departure") {
  const TemporaryDirectory root;
  train_in(root / "run", plain_spec(6));  // evaluated at 4, and at 6 since it ends there
  REQUIRE(resume(root / "run", {"train.for=8 steps"}).status == RunStatus::kFinished);
  const History history = summarise_run(root / "run").history;
  REQUIRE(history.size() == 1);
  CHECK(contains(history[0].departure, "evaluated at its end then, step 6"));
}

TEST_CASE("--allow-inexact marks a run for good, also where it is killed before it saves again") {
  const TemporaryDirectory root;
  const std::string run = root / "run", other = "optim.lr=0.01";
  train_in(run, plain_spec(8), 1, 5);
  const auto before = files_of(run);
  CHECK(contains(refusal_of(ExitCode::kUsage, [&] { resume(run, {other}); }), "optim.lr: 0.001 there, 0.01 here"));
  CHECK(files_of(run) == before);
  REQUIRE(resume(run, {other}, /*allow_inexact=*/true, 1).status == RunStatus::kStopped);
  std::filesystem::remove(checkpoint_of(run, 6));
  REQUIRE(resume(run).status == RunStatus::kFinished);  // what was allowed once stays allowed
  const History history = summarise_run(run).history;
  REQUIRE(history.size() == 1);
  CHECK(history[0].end == 5);
  CHECK(contains(history[0].departure, "optim.lr: 0.001 there, 0.01 here"));
  CHECK_FALSE(answers(root.path(), plain_spec(8, "optim: {lr: 0.01}\n")));
  CHECK_FALSE(answers(root.path(), plain_spec(8)));
  CHECK(contains(read(run + "/resolved.yaml"), "lr: 0.01"));
}

TEST_CASE("every field that decides the result is refused on resume, and what decides nothing is recorded") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, plain_spec(8), 1, 5);
  for (const std::string field :
       {"train.batch_size=10", "compute.lanes=1", "data.train_limit=50", "seed=2", "eval.every=2 steps",
        "eval.best=last", "train.patience=5", "train.clip_norm=1", "schedule.kind=cosine", "model.kind=nade",
        "data.binarization=dynamic", "optim={kind: sgd, lr: 1e-3}"}) {
    INFO(field);
    std::vector<std::string> overrides = {field};
    if (field == "model.kind=nade") overrides.emplace_back("model.hidden=8");
    const auto before = files_of(run);
    CHECK(contains(refusal_of(ExitCode::kUsage, [&] { resume(run, overrides); }), "another spec"));
    CHECK(files_of(run) == before);
  }
  REQUIRE(resume(run, {"train.log_every=2 steps", "checkpoint.keep=7"}).status == RunStatus::kFinished);
  CHECK(contains(read(run + "/resolved.yaml"), "log_every: 2 steps"));
  CHECK(summarise_run(run).history.empty());
  CHECK(answers(root.path(), plain_spec(8)));
}

TEST_CASE("a run without a checkpoint is gone on with under its own spec only") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, plain_spec(8), 1, 3);
  std::filesystem::remove(checkpoint_of(run, 3));
  CHECK(contains(refusal_of(ExitCode::kUsage, [&] { resume(run, {"optim.lr=0.1"}); }), "optim.lr: 0.001 there"));
  REQUIRE(resume(run, {"train.for=4 steps"}).status == RunStatus::kFinished);  // nothing was trained yet
  train_in(root / "fresh", plain_spec(4));
  CHECK(read(checkpoint_of(run, 4)) == read(checkpoint_of(root / "fresh", 4)));
  CHECK(summarise_run(run).history.empty());
}

TEST_CASE("a run whose checkpoint is gone or damaged is no answer") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, plain_spec(8));
  CHECK(answers(root.path(), plain_spec(8)));
  const int64_t best = summarise_run(run).best_step;
  const std::string kept = read(checkpoint_of(run, static_cast<int>(best)));
  std::ofstream(checkpoint_of(run, static_cast<int>(best)), std::ios::binary) << kept.substr(0, kept.size() / 2);
  CHECK_FALSE(answers(root.path(), plain_spec(8)));
  std::filesystem::remove_all(run + "/checkpoints");
  CHECK_FALSE(answers(root.path(), plain_spec(8)));
}

TEST_CASE("an extended run that was killed records on in the journal that it has") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, plain_spec(8), 1, 7);
  std::filesystem::remove(checkpoint_of(run, 7));  // rows after step 4 are cut
  REQUIRE(resume(run, {"train.for=12 steps"}).status == RunStatus::kFinished);
  train_in(root / "fresh", plain_spec(12));
  CHECK(timeless_journal(run) == timeless_journal(root / "fresh"));
  CHECK(summarise_run(run).step == 12);
}

TEST_CASE("segments that do not follow each other are refused") {
  const auto file_with = [](const History& history) {
    io::Hdf5Writer file;
    write_history(file, history);
    return io::Hdf5Reader(file.finish(), "file", ExitCode::kCheckpoint);
  };
  CHECK(read_history(file_with({})).empty());
  CHECK(read_history(file_with({{0, 4, "a", "spec", "why"}, {4, 9, "b", "spec", "why"}})).size() == 2);
  for (const History& wrong : {History{{1, 4, "a", "", ""}}, History{{0, 4, "a", "", ""}, {5, 9, "b", "", ""}},
                               History{{0, 0, "a", "", ""}}}) {
    CHECK(contains(refusal_of(ExitCode::kCheckpoint, [&] { read_history(file_with(wrong)); }), "/history/"));
  }
}

TEST_CASE("a run from before there were origins and histories is an exact one of fresh weights") {
  const TemporaryDirectory root;
  const std::string run = root / "run", spec = plain_spec(8);
  train_in(root / "whole", spec);
  train_in(run, spec, 1, 5);
  std::string resolved = read(run + "/resolved.yaml");
  const std::string section = "origin:\n  checkpoint: none\n";
  REQUIRE(contains(resolved, section));
  resolved.erase(resolved.find(section), section.size());
  std::ofstream(run + "/resolved.yaml", std::ios::binary) << resolved;
  std::string journal;
  for (io::Record record : io::read_journal(run + "/metrics.jsonl").records) {
    for (const char* key : {"origin", "history"}) record.erase(key);
    journal += record.dump() + "\n";
  }
  std::ofstream(run + "/metrics.jsonl", std::ios::binary) << journal;
  const RunSummary before = summarise_run(run);
  CHECK(before.history.empty());
  CHECK(before.origin.is_null());
  REQUIRE(resume(run).status == RunStatus::kFinished);
  CHECK(read(checkpoint_of(run, 8)) == read(checkpoint_of(root / "whole", 8)));
  CHECK(summarise_run(run).fingerprint == before.fingerprint);
  CHECK(summarise_run(run).history.empty());
}

// The origin of a run, `train --from`: part of its spec and fingerprint, and never forgotten.
#include "catch.hpp"

#include "experiment/built_model.hpp"
#include "experiment/checkpoint.hpp"
#include "identity_runs.hpp"
#include "train/trainer.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const std::string kOrigin = "optim: {lr: 0.02}\n";

// A run that was killed before its first checkpoint: what it wrote at its beginning, and rows that nobody will count.
void train_and_kill_early(const std::string& run, const std::string& spec, const std::vector<std::string>& overrides) {
  REQUIRE(train_in(run, spec, 1, 3, overrides).status == RunStatus::kStopped);
  std::filesystem::remove(checkpoint_of(run, 3));
}

// Data whose labels are counted otherwise.
class Relabelled : public Dataset {
 public:
  Relabelled(std::unique_ptr<Dataset> data, int64_t classes) : data_(std::move(data)), spec_(data_->spec()) {
    spec_.classes = classes;
  }
  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split split) const override { return data_->count(split); }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override {
    return data_->batch(split, rows, epoch);
  }
  std::string protocol() const override { return data_->protocol(); }
  std::string hash() const override { return data_->hash(); }
  std::string description() const override { return data_->description(); }

 private:
  std::unique_ptr<Dataset> data_;
  DataSpec spec_;
};

// What is said when the weights of `run` are taken for this spec.
std::string misfit(const std::string& checkpoint, const std::string& spec, int64_t classes = 10) {
  const Experiment experiment = Experiment::from_text(spec, "spec");
  const Relabelled data(experiment.spec().data.build(data_sources_from_environment(1)), classes);
  const BuiltModel built = build_model(experiment.spec().model, data.spec(), experiment.spec().seed);
  return refusal_of(ExitCode::kCheckpoint,
                    [&] { require_weights_fit(Checkpoint(checkpoint), experiment, data, built); });
}

}  // namespace

TEST_CASE(
    "a run from another's weights that is killed before its first checkpoint goes on from them, to the same bytes") {
  for (const std::string model : {"{kind: fvsbn}",
                                  "{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: ema, "
                                  "codes: 8}}"}) {
    INFO(model);
    const TemporaryDirectory root;
    const std::string spec = plain_spec(8, "", model);
    train_in(root / "origin", plain_spec(4, kOrigin, model));
    REQUIRE(train_in(root / "whole", spec, 1, 0, {from(root / "origin")}).status == RunStatus::kFinished);
    train_and_kill_early(root / "run", spec, {from(root / "origin")});
    std::filesystem::remove_all(root / "origin");  // the run has the weights it began with
    REQUIRE(resume(root / "run").status == RunStatus::kFinished);
    const std::string last = read(checkpoint_of(root / "run", 8));
    CHECK(last == read(checkpoint_of(root / "whole", 8)));
    CHECK(timeless_journal(root / "run") == timeless_journal(root / "whole"));
    train_in(root / "scratch", spec);
    CHECK(last != read(checkpoint_of(root / "scratch", 8)));
  }
}

TEST_CASE(
    "a run that lost even the checkpoint of its beginning takes the weights of its origin again, or says why not") {
  const TemporaryDirectory root;
  const std::string spec = plain_spec(8);
  train_in(root / "origin", plain_spec(8, kOrigin));
  const std::string taken = checkpoint_of(root / "origin", 4), other = checkpoint_of(root / "origin", 8);
  REQUIRE(train_in(root / "whole", spec, 1, 0, {from(taken)}).status == RunStatus::kFinished);
  train_and_kill_early(root / "run", spec, {from(taken)});
  std::filesystem::remove(checkpoint_of(root / "run", 0));

  const std::string kept = read(taken);
  const auto before = files_of(root / "run");
  std::filesystem::remove(taken);
  CHECK(contains(refusal_of(ExitCode::kCheckpoint, [&] { resume(root / "run"); }), taken + " is not there"));
  std::filesystem::copy(other, taken);
  CHECK(contains(refusal_of(ExitCode::kCheckpoint, [&] { resume(root / "run"); }), "holds other weights"));
  CHECK(files_of(root / "run") == before);

  // The same weights in another place are the same origin.
  std::ofstream(root / "moved.h5", std::ios::binary) << kept;
  REQUIRE(resume(root / "run", {from(root / "moved.h5")}).status == RunStatus::kFinished);
  CHECK(Checkpoint(checkpoint_of(root / "run", 8)).identity().fingerprint ==
        Checkpoint(checkpoint_of(root / "whole", 8)).identity().fingerprint);
  CHECK(timeless_journal(root / "run") == timeless_journal(root / "whole"));
}

TEST_CASE("the weights to begin from are in the fingerprint, and their place is not") {
  const TemporaryDirectory root;
  train_in(root / "origin", plain_spec(8, kOrigin));
  std::filesystem::copy(checkpoint_of(root / "origin", 8), root / "copy.h5");
  const auto fingerprint = [&](const std::vector<std::string>& overrides) {
    const Experiment e = Experiment::from_text(plain_spec(8), "spec", overrides);
    return e.fingerprint(*e.spec().data.build(data_sources_from_environment(1)));
  };
  const std::string none = fingerprint({}), last = fingerprint({from(checkpoint_of(root / "origin", 8))});
  CHECK(last == fingerprint({from(root / "copy.h5")}));
  CHECK(last != none);
  CHECK(last != fingerprint({from(checkpoint_of(root / "origin", 4))}));
  CHECK(none == fingerprint({"origin.checkpoint=none"}));
  CHECK(contains(refusal_of(ExitCode::kUsage, [&] { fingerprint({from(root / "nothing")}); }), "no run"));
}

TEST_CASE("the resolved spec of a run with an origin trains the same run again") {
  const TemporaryDirectory root;
  train_in(root / "origin", plain_spec(4, kOrigin));
  train_in(root / "run", plain_spec(8), 1, 0, {from(root / "origin")});
  const std::string resolved = read((root / "run") + "/resolved.yaml");
  CHECK(contains(resolved, "run: origin\n"));
  CHECK(contains(resolved, "step: 4\n"));
  CHECK(contains(resolved, checkpoint_of(root / "origin", 4)));
  train_in(root / "again", resolved);
  CHECK(read(checkpoint_of(root / "again", 8)) == read(checkpoint_of(root / "run", 8)));

  // Another checkpoint on the command line is another origin: the hash in the file was not of that one.
  train_in(root / "other", plain_spec(8, "seed: 5\n"));
  train_in(root / "from other", resolved, 1, 0, {from(root / "other")});
  const Experiment e = Experiment::load((root / "from other") + "/resolved.yaml", {});
  REQUIRE(e.origin());
  CHECK(e.origin()->run == "other");
  CHECK(e.origin()->sha256 == weights_sha256(Checkpoint(find_checkpoint(root / "other"))));
  // And none at all is none.
  train_in(root / "fresh", resolved, 1, 0, {"origin.checkpoint=none"});
  train_in(root / "plain", plain_spec(8));
  CHECK(summarise_run(root / "fresh").fingerprint == summarise_run(root / "plain").fingerprint);
}

TEST_CASE("journal and checkpoint say where the weights came from") {
  const TemporaryDirectory root;
  train_in(root / "origin", plain_spec(4, kOrigin));
  train_in(root / "run", plain_spec(4), 1, 0, {from(root / "origin")});
  const RunSummary run = summarise_run(root / "run");
  REQUIRE(run.origin.is_object());
  CHECK(run.origin["run"] == "origin");
  CHECK(run.origin["step"] == 4);
  CHECK(run.origin["sha256"] == weights_sha256(Checkpoint(checkpoint_of(root / "origin", 4))));
  const auto origin = Checkpoint(checkpoint_of(root / "run", 4)).experiment().origin();
  REQUIRE(origin);
  CHECK(origin->sha256 == run.origin["sha256"].get<std::string>());
  CHECK(summarise_run(root / "origin").origin.is_null());
}

TEST_CASE("weights that do not fit are refused with the settings that differ") {
  const TemporaryDirectory root;
  const std::string made = "{kind: made, hidden: [8], condition: class}";
  train_in(root / "run", plain_spec(4, "", made));
  const std::string checkpoint = checkpoint_of(root / "run", 4);
  CHECK(contains(misfit(checkpoint, plain_spec(4, "", made), 27), "classes of the data: 10 there, 27 here"));
  CHECK(contains(misfit(checkpoint, plain_spec(4, "", "{kind: made, hidden: [9], condition: class}")),
                 "model.hidden: [8] there, [9] here"));
  CHECK(contains(misfit(checkpoint, plain_spec(4, "", "{kind: made, hidden: [8]}")),
                 "model.condition: class there, none here"));
  const std::string kinds = misfit(checkpoint, plain_spec(4, "", "{kind: nade, hidden: 8, condition: class}"));
  CHECK(contains(kinds, "model.kind: made there, nade here"));
  CHECK_FALSE(contains(kinds, "model.hidden"));
}

TEST_CASE("weights of a model whose order follows from the seed are refused for another seed") {
  const TemporaryDirectory root;
  const std::string model = "{kind: made, hidden: [8], order: random}";
  train_in(root / "run", plain_spec(4, "", model));
  const std::string words = misfit(checkpoint_of(root / "run", 4), plain_spec(4, "seed: 2\n", model));
  CHECK(contains(words, "seed: 1 there, 2 here"));
}

TEST_CASE("masks belong to the weights, and the orders of an evaluation do not") {
  const TemporaryDirectory root;
  const std::string masks = "{kind: made, hidden: [8], masks: 2}", any = "{kind: eonade, hidden: [8], orders: 2}";
  train_in(root / "masks", plain_spec(4, "", masks));
  CHECK(contains(misfit(checkpoint_of(root / "masks", 4), plain_spec(4, "seed: 2\n", masks)), "seed: 1 there, 2 here"));
  train_in(root / "any", plain_spec(4, "", any));
  const std::string from_any = from(checkpoint_of(root / "any", 4));
  CHECK(train_in(root / "more", plain_spec(4, "seed: 2\n", any), 1, 0, {from_any, "model.orders=3"}).status ==
        RunStatus::kFinished);
}

// A model of augmented images, from the spec to likelihoods of plain ones.
#include <cmath>

#include "catch.hpp"
#include "experiment/checkpoint.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::string augmented_spec(const std::string& model, const std::string& augment) {
  return "data: {kind: digits, train_limit: 60, valid_limit: 20, binarization: dynamic, augment: " + augment +
         "}\nmodel: " + model +
         "\ntrain: {for: 9 steps, batch_size: 14, log_every: 3 steps}\neval: {every: 4 steps, samples: 0}\n"
         "checkpoint: {every: 1 steps}\ncompute: {lanes: 4}\n";
}

const std::string kAugment = "{shift: 1, turn: 6, plain: 0.3}";
const std::string kModel = "{kind: augmented, of: {kind: made, hidden: [20]}}";

}  // namespace

TEST_CASE("a run on augmented images has the same bytes for any number of threads, and when it was stopped",
          "[augmented]") {
  const TemporaryDirectory root;
  const std::string spec = augmented_spec(kModel, kAugment), last = "/checkpoints/step-000000009.h5";
  REQUIRE(train_in(root / "one", spec, 1).status == RunStatus::kFinished);
  REQUIRE(train_in(root / "four", spec, 4).status == RunStatus::kFinished);
  CHECK(read(root / "four" + last) == read(root / "one" + last));
  for (int step = 1; step < 9; ++step)
    REQUIRE(train_in(root / "stops", spec, 1 + step % 3, 1).status == RunStatus::kStopped);
  REQUIRE(train_in(root / "stops", spec).status == RunStatus::kFinished);
  CHECK(read(root / "stops" + last) == read(root / "one" + last));
  // The augmentation is part of what a run is.
  train_in(root / "less", augmented_spec(kModel, "{shift: 1, plain: 0.3}"));
  CHECK(summarise_run(root / "less").fingerprint != summarise_run(root / "one").fingerprint);
  const TrainedModel model = load_trained_model(root / "one" + last);
  CHECK(model.identity.data.augmentations == 45);
}

TEST_CASE("an augmented model of symmetries is told both", "[augmented]") {
  const TemporaryDirectory root;
  const std::string model = "{kind: symmetries, orders: 4, of: {kind: augmented, of: {kind: made, hidden: [9]}}}";
  CHECK(train_in(root / "run", augmented_spec(model, kAugment)).status == RunStatus::kFinished);
  CHECK(summarise_run(root / "run").best_nll > 0);
}

TEST_CASE("a model that is not told is refused, and a spec without augmentation is the spec it was", "[augmented]") {
  const TemporaryDirectory root;
  const std::string words = refusal_of(
      ExitCode::kUsage, [&] { train_in(root / "no", augmented_spec("{kind: made, hidden: [20]}", kAugment)); });
  CHECK(words.find("kind: augmented, of: {kind: made}") != std::string::npos);
  train_in(root / "plain", spec_of("{kind: made, hidden: [20]}", 3));
  CHECK(read(root / "plain/resolved.yaml").find("augment") == std::string::npos);
  train_in(root / "kept", augmented_spec(kModel, kAugment));
  const std::string resolved = read(root / "kept/resolved.yaml");
  CHECK(resolved.find("augment:\n    shift: 1\n    turn: 6\n    plain: 0.3\n") != std::string::npos);
}

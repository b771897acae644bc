// A model of augmented images, from the spec to likelihoods of plain ones.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>

#include "catch.hpp"
#include "coding/compress.hpp"
#include "commands/eval/eval.hpp"
#include "experiment/trained_model.hpp"
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

TEST_CASE("who looks at the training split and does not train sees plain images", "[augmented]") {
  const TemporaryDirectory root;
  train_in(root / "run", augmented_spec(kModel, kAugment));
  EvalRequest all;
  all.selector = root / "run";
  all.split = Split::kTrain;
  all.threads = 1;
  EvalRequest plain = all;
  plain.overrides = {"data.augment.plain=1"};
  CHECK(evaluate_checkpoint(all).result.nll == evaluate_checkpoint(plain).result.nll);
  const TrainedModel model = load_trained_model(root / "run/checkpoints/step-000000009.h5");
  const auto data = model.experiment.spec().data.build(data_sources_from_environment(model.identity.seed));
  compress({.selector = root / "run", .input = "split:train", .output = root / "packed", .limit = 12, .threads = 1});
  decompress({.selector = root / "run", .input = root / "packed", .output = root / "out.amat", .threads = 1});
  std::vector<int64_t> rows(12);
  std::iota(rows.begin(), rows.end(), 0);
  const Tensor images = data->batch(Split::kTrain, rows, 0).symbols;
  std::istringstream numbers(read(root / "out.amat"));
  for (int64_t i = 0; i < images.count(); ++i) {
    int32_t symbol = -1;
    numbers >> symbol;
    REQUIRE(symbol == images.data<int32_t>()[i]);
  }
}

TEST_CASE("an augmented model of symmetries is told both", "[augmented]") {
  const TemporaryDirectory root;
  const std::string model = "{kind: symmetries, orders: 4, of: {kind: augmented, of: {kind: made, hidden: [9]}}}";
  CHECK(train_in(root / "run", augmented_spec(model, kAugment)).status == RunStatus::kFinished);
  CHECK(summarise_run(root / "run").best_nll > 0);
}

TEST_CASE("models of any order are told as others are: they train by their own loss, and complete any part",
          "[augmented]") {
  const TemporaryDirectory root;
  const std::string inside = "{kind: eonade, hidden: [20]}";
  REQUIRE(train_in(root / "told", augmented_spec("{kind: augmented, of: " + inside + "}", kAugment)).status ==
          RunStatus::kFinished);
  const TrainedModel told = load_trained_model(root / "told/checkpoints/step-000000009.h5");
  CHECK(told.built.model->any_order());
  REQUIRE(train_in(root / "turned", spec_of("{kind: symmetries, of: " + inside + "}", 3)).status ==
          RunStatus::kFinished);
}

TEST_CASE("a run that was told of augmentation is mixed with others, and its ways are found with it", "[augmented]") {
  const TemporaryDirectory root;
  train_in(root / "told", augmented_spec(kModel, kAugment));
  const std::string data = "data: {kind: digits, train_limit: 60, valid_limit: 20, binarization: dynamic}\n";
  train_in(root / "plain", data + "model: {kind: fvsbn}\ntrain: {for: 9 steps}\neval: {samples: 0}\n");
  const auto mix = [&](const std::string& runs) {
    return data + "model: {kind: mixture, of: [" + runs + "]}\neval: {samples: 0}\n";
  };
  REQUIRE(train_in(root / "mixed", mix((root / "told") + ", " + (root / "plain"))).status == RunStatus::kFinished);
  CHECK(read(root / "mixed/resolved.yaml").find("ways: [45, 1]") != std::string::npos);
  CHECK(summarise_run(root / "mixed").best_nll <=
        std::min(summarise_run(root / "told").best_nll, summarise_run(root / "plain").best_nll) + 1e-3);
  // It needs no other run, and can be a part itself; runs that were told nothing leave no word of it.
  std::filesystem::remove_all(root / "told");
  REQUIRE(train_in(root / "nested", mix(root / "mixed")).status == RunStatus::kFinished);
  train_in(root / "untold", mix(root / "plain"));
  CHECK(read(root / "untold/resolved.yaml").find("ways") == std::string::npos);
  // On augmented data a mixture is refused, and no remedy is named that is none.
  std::string spec = augmented_spec("{kind: mixture, of: [" + (root / "plain") + "]}", kAugment);
  spec.replace(spec.find("for: 9 steps"), 12, "for: 1 step");
  const std::string words = refusal_of(ExitCode::kUsage, [&] { train_in(root / "no", spec); });
  INFO(words);
  CHECK(words.find("leave data.augment out") != std::string::npos);
  CHECK(words.find("one that is told") == std::string::npos);
}

TEST_CASE("a mixture of trained runs is nothing that could be told", "[augmented]") {
  const TemporaryDirectory root;
  for (const char* outer : {"augmented", "symmetries"}) {
    const std::string model = std::string("{kind: ") + outer + ", of: {kind: mixture, of: [x]}}";
    const std::string words =
        refusal_of(ExitCode::kUsage, [&] { train_in(root / "no", augmented_spec(model, kAugment)); });
    INFO(words);
    CHECK(words.find("model.of: a mixture is made of trained runs") != std::string::npos);
  }
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

// Training examples judged as the valid ones are, at each evaluation.
#include <cmath>
#include <map>

#include "base/lanes.hpp"
#include "catch.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_model.hpp"
#include "io/journal.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"
#include "train/train_sample.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::vector<io::Record> valid_rows(const std::string& run) {
  std::vector<io::Record> rows;
  for (const io::Record& record : io::read_journal(run + "/metrics.jsonl").records)
    if (record.value("table", "") == "valid") rows.push_back(record);
  return rows;
}

std::string overfitting_spec(const std::string& more = "") {
  return "data: {kind: digits, train_limit: 30, valid_limit: 50, binarization: dynamic, augment: {shift: 1, plain: "
         "0.5}}\n"
         "model: {kind: augmented, of: {kind: made, hidden: [40]}}\noptim: {lr: 0.01}\n"
         "train: {for: 60 steps, batch_size: 15, average: 0.9}\n"
         "eval: {every: 30 steps, samples: 0" +
         more + "}\n";
}

}  // namespace

TEST_CASE("a sample of train is judged by the law of valid: averaged weights, plain images, evenly spread rows",
          "[train sample]") {
  const TemporaryDirectory root;
  train_in(root / "run", overfitting_spec(", train: 12"));
  const std::vector<io::Record> rows = valid_rows(root / "run");
  REQUIRE(rows.size() == 2);
  // 30 images are soon learned by heart, and that shows.
  CHECK(rows[1].at("train_nll").get<double>() < rows[1].at("nll").get<double>() - 5);

  const TrainedModel model = load_trained_model(root / "run/checkpoints/step-000000060.h5");
  const auto data = model.experiment.spec().data.build(data_sources_from_environment(model.identity.seed));
  std::vector<int64_t> every;
  for (int64_t i = 0; i < 12; ++i) every.push_back(i * 30 / 12);
  const Batch plain = data->batch(Split::kTrain, every, 0);
  double mean = 0;
  for (const double nll : model.built.model->nll(*model.built.parameters, plain)) mean += nll / 12;
  CHECK(rows[1].at("train_nll").get<double>() == Approx(mean).epsilon(1e-6));

  const TrainSample sample(*data, 1000);
  CHECK(sample.count(Split::kTrain) == 30);
  CHECK_FALSE(sample.batch(Split::kTrain, every, 7).augmentation.defined());
}

TEST_CASE("how many training examples are judged changes no weights, and is no part of what a run is",
          "[train sample]") {
  const TemporaryDirectory root;
  train_in(root / "auto", overfitting_spec());
  train_in(root / "none", overfitting_spec(", train: 0"));
  CHECK(valid_rows(root / "auto")[0].contains("train_nll"));
  CHECK_FALSE(valid_rows(root / "none")[0].contains("train_nll"));
  CHECK(valid_rows(root / "auto")[1].at("nll") == valid_rows(root / "none")[1].at("nll"));
  CHECK(summarise_run(root / "auto").fingerprint == summarise_run(root / "none").fingerprint);
  CHECK(read(root / "auto/resolved.yaml").find("train: auto") == std::string::npos);
}

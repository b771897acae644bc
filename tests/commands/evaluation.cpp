// What `mlrun eval` computes: a conditional model by Bayes' rule, mixtures of more orders, draws of the binarization.
#include <cmath>
#include <filesystem>

#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const std::string kDynamic =
    "data: {kind: digits, binarization: dynamic, train_limit: 300, valid_limit: 60, test_limit: 60}\n";

std::string spec(const std::string& model, const std::string& data = kDynamic, int steps = 30) {
  return data + "model: " + model + "\ntrain: {for: " + std::to_string(steps) +
         " steps, batch_size: 50}\neval: {every: 30 steps, batch_size: 16, samples: 0}\ncompute: {lanes: 2}\n";
}

EvalRequest request(const std::string& run, const std::vector<std::string>& overrides = {}) {
  EvalRequest r;
  r.selector = run;
  r.overrides = overrides;
  r.threads = 1;
  return r;
}

std::string refusal(const EvalRequest& r, ExitCode code) {
  try {
    evaluate_checkpoint(r);
  } catch (const Error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  FAIL("evaluated");
  return "";
}

}  // namespace

TEST_CASE("a conditional model is evaluated on x, on (x, y) and on x given y, and classifies") {
  const TemporaryDirectory root;
  for (const std::string condition : {"class", "joint"}) {
    INFO(condition);
    const std::string run = root / condition;
    train_in(run, spec("{kind: nade, hidden: 16, condition: " + condition + "}"));
    const EvalOutcome e = evaluate_checkpoint(request(run));
    REQUIRE(e.classes == 10);
    REQUIRE(e.labelled);
    CHECK(e.result.count == 60);
    // By hand, one class after the other.
    const TrainedModel trained = load_trained_model(e.checkpoint);
    const AutoregressiveModel& model = trained.autoregressive();
    const auto data = trained.experiment.spec().data.build(data_sources_from_environment(1));
    const std::vector<int64_t> rows = {0, 1, 2, 3, 4, 5, 6};
    Batch batch = data->batch(Split::kTest, rows, 0);
    const Tensor labels = batch.labels;
    const std::vector<double> prior = model.log_class_prior(*trained.built.parameters);
    std::vector<std::vector<double>> log_p(10);  // log p(x, y)
    for (int32_t y = 0; y < 10; ++y) {
      batch.labels = Tensor::of({7}, std::vector<int32_t>(7, y));
      for (const double nll : model.nll(*trained.built.parameters, batch))
        log_p[static_cast<size_t>(y)].push_back(-nll + (condition == "class" ? std::log(0.1) : 0.0));
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto y = static_cast<size_t>(labels.data<int32_t>()[i]);
      double shifted = 0;
      size_t best = 0;
      for (size_t k = 0; k < 10; ++k) {
        shifted += std::exp(log_p[k][i] - log_p[0][i]);
        if (log_p[k][i] > log_p[best][i]) best = k;
      }
      CHECK(e.result.per_example[i] == Approx(-(log_p[0][i] + std::log(shifted))).epsilon(1e-9));
      CHECK(e.labelled->xy.per_example[i] == Approx(-log_p[y][i]).epsilon(1e-9));
      CHECK(e.labelled->x_given_y.per_example[i] == Approx(-(log_p[y][i] - prior[y])).epsilon(1e-9));
      CHECK(e.accuracy->per_example[i] == (best == y ? 1.0 : 0.0));
    }
    CHECK(e.result.nll < e.labelled->xy.nll);  // a sum over labels is more than one of its terms
    CHECK(e.accuracy->nll_se > 0);
    CHECK(
        read(run + "/metrics.jsonl").find(condition == "class" ? "\"nll_of\":\"x given y\"" : "\"nll_of\":\"x, y\"") !=
        std::string::npos);
    // Data without labels still has a p(x).
    const EvalOutcome unlabelled = evaluate_checkpoint(request(run, {"data.binarization=static"}));
    CHECK(unlabelled.classes == 10);
    CHECK(std::isfinite(unlabelled.result.nll));
  }
}

TEST_CASE("training without the labels that the model needs is refused with the data's reason") {
  const TemporaryDirectory root;
  std::string text;
  for (int row = 0; row < 12; ++row) text += "0 1 1 0\n";
  for (const char* name : {"train.txt", "valid.txt", "test.txt"}) {
    FILE* file = fopen((root / name).c_str(), "w");
    fputs(text.c_str(), file);
    fclose(file);
  }
  const std::string data = "data: {kind: table, train: " + (root / "train.txt") + ", valid: " + (root / "valid.txt") +
                           ", test: " + (root / "test.txt") + "}\n";
  try {
    train_in(root / "run", spec("{kind: fvsbn, condition: joint}", data));
    FAIL("trained");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    INFO(e.what());
    CHECK(std::string(e.what()).find("model.condition joint needs labels, and data.kind: table has labels where "
                                     "data.labels says") != std::string::npos);
  }
}

TEST_CASE("more orders make a better mixture, and only eonade has them") {
  const TemporaryDirectory root;
  const std::string run = root / "eonade";
  const std::string tiny = "data: {kind: digits, train_limit: 300, valid_limit: 10, test_limit: 24}\n";
  train_in(run, spec("{kind: eonade, hidden: 24}", tiny, 40));
  const EvalOutcome one = evaluate_checkpoint(request(run));
  EvalRequest more = request(run);
  more.orders = 6;
  const EvalOutcome six = evaluate_checkpoint(more);
  CHECK(one.components == 1);
  CHECK(six.components == 6);
  CHECK(six.result.nll < one.result.nll);
  for (size_t i = 0; i < 24; ++i) CHECK(six.result.per_example[i] < one.result.per_example[i] + std::log(6.0) + 1e-9);

  train_in(root / "made", spec("{kind: made, hidden: [8]}", tiny, 3));
  more.selector = root / "made";
  CHECK(refusal(more, ExitCode::kUsage).find("orders it was trained with") != std::string::npos);
}

TEST_CASE("draws of a dynamic test set are averaged, and a static one has none") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, spec("{kind: fvsbn}"));
  const EvalOutcome one = evaluate_checkpoint(request(run));
  EvalRequest three = request(run);
  three.draws = 3;
  const EvalOutcome e = evaluate_checkpoint(three);
  REQUIRE(e.draws.size() == 3);
  CHECK(e.draws[0] == Approx(one.result.nll).epsilon(1e-12));
  CHECK(e.draws[1] != e.draws[0]);
  CHECK(e.result.nll == Approx((e.draws[0] + e.draws[1] + e.draws[2]) / 3).epsilon(1e-12));
  CHECK(e.draws_se > 0);
  CHECK(e.protocol == one.protocol + ", mean of 3 draws");
  CHECK(std::filesystem::exists(run + "/evals/step-000000030-test.h5"));
  CHECK(std::filesystem::exists(run + "/evals/step-000000030-test-draws-3.h5"));

  three.overrides = {"data.binarization=static"};
  CHECK(refusal(three, ExitCode::kUsage).find("the same at every draw (static") != std::string::npos);
  three.overrides = {};
  three.split = Split::kTrain;
  CHECK(refusal(three, ExitCode::kUsage).find("the train split") != std::string::npos);
}

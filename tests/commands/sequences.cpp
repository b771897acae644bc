// Runs on texts and tasks: what is given, what is right, what travels with the checkpoint.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "coding/compress.hpp"
#include "commands/eval/eval.hpp"
#include "commands/sample/prompt.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/trained_data.hpp"
#include "experiment/trained_model.hpp"
#include "models/battery.hpp"
#include "proof/prove.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::string task_spec(const std::string& more_eval = "") {
  return "data: {kind: delay, delay: 3, alphabet: 2, train_rows: 200, valid_rows: 50, test_rows: 30}\n"
         "model: {kind: fvsbn}\n"
         "optim: {kind: adam, lr: 0.1}\n"
         "train: {for: 60 steps, batch_size: 50}\n"
         "eval: {every: 20 steps" +
         more_eval +
         "}\n"
         "compute: {lanes: 2}\n";
}

EvalRequest request_for(const std::string& run) {
  EvalRequest request;
  request.selector = run;
  return request;
}

double last_accuracy(const std::string& run) {
  double accuracy = -1;
  for (const io::Record& record : io::read_journal(run + "/metrics.jsonl").records) {
    if (record.value("table", "") == "valid") accuracy = record.at("accuracy").get<double>();
  }
  return accuracy;
}

}  // namespace

TEST_CASE("a task is learned, its accuracy recorded, evaluated and proved, and bits count the answer alone") {
  const TemporaryDirectory place;
  const std::string run = place / "run";
  train_in(run, task_spec());
  CHECK(last_accuracy(run) == 1);
  CHECK(summarise_run(run).best_accuracy == 1);
  CHECK(summarise_run(run).nll_of == NllSubject::kAnswer);
  const EvalOutcome e = evaluate_checkpoint(request_for(run));
  REQUIRE(e.accuracy);
  CHECK(e.accuracy->nll == 1);
  CHECK(e.accuracy->per_example.size() == 30);
  CHECK(e.result.bpd == Approx(e.result.nll / (3 * std::log(2.0))));
  CHECK(e.result.nll < 0.5);  // 3 answers; a model of all 6 symbols would pay 3 ln 2 = 2.08 for the question
  CHECK(e.nll_of == NllSubject::kAnswer);
  const ProveOutcome proof = prove({.selector = run});
  for (const ProofCheck& c : proof.checks) {
    INFO(c.name << ": " << c.finding);
    CHECK(c.pass);
  }
  CHECK(proof.checks.size() == 8);
}

TEST_CASE("the checkpoint keeps what is given; compress refuses it, and other data are not evaluated") {
  const TemporaryDirectory place;
  const std::string run = place / "run";
  train_in(run, task_spec());
  const TrainedModel trained = load_trained_model(find_checkpoint(run));
  CHECK(trained.identity.data.given == 3);
  CHECK(trained.autoregressive().data().given == 3);
  CHECK_FALSE(trained.identity.vocabulary);
  using Catch::Contains;
  CHECK_THROWS_WITH(compress({.selector = run, .input = "split:test", .output = place / "out", .limit = {}}),
                    Contains("first 3 symbols of its data are a question"));
  EvalRequest other = request_for(run);
  other.overrides = {"data.delay=2", "data.length=6"};
  other.places = {"argument 1", "argument 2"};
  CHECK_THROWS_WITH(evaluate_checkpoint(other), Contains("given the first 3 symbols"));
  const Tensor questions = questions_of(trained, 40);
  const Tensor rows = data_of(trained)->batch(Split::kTest, std::vector<int64_t>{0, 9}, 0).symbols;
  CHECK(questions.shape() == Shape{40, 3});
  for (int64_t t = 0; t < 3; ++t) {
    CHECK(questions.data<int32_t>()[t] == rows.data<int32_t>()[t]);
    CHECK(questions.data<int32_t>()[39 * 3 + t] == rows.data<int32_t>()[6 + t]);  // row 39 - 30
  }
}

TEST_CASE("a model that is nearly certain of every answer is proved too, though its samples show no surprise") {
  const DataSpec data = {.shape = {6}, .alphabet = 2, .classes = 0, .given = 3};
  const Built b = build("fvsbn", data, {});
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
    Tensor w = b.parameters->value(i);
    const bool bias = b.parameters->parameters()[i].kind == ParameterKind::kBias;
    for (int64_t k = 0; k < w.count(); ++k) w.data<float>()[k] = bias ? 7.0f : 0.0f;  // wrong once in 1100
  }
  LanePool pool(1);
  for (const ProofCheck& c : prove_model(b.autoregressive(), *b.parameters, random_batch(data, 20, 1), {}, pool)) {
    INFO(c.name << ": " << c.finding);
    CHECK(c.pass);
  }
}

TEST_CASE("a model in another order than the question's is refused") {
  const TemporaryDirectory place;
  CHECK_THROWS_WITH(train_in(place / "run", task_spec(), 1, 0, {"model.order=random"}),
                    Catch::Contains("model.order=raster"));
}

TEST_CASE("eval.best may be the accuracy, where there is one") {
  const TemporaryDirectory place;
  const std::string run = place / "run";
  train_in(run, task_spec(", best: valid/accuracy"), 1, 0,
           {"optim.lr=0.02", "train.for=200 steps", "eval.every=10 steps"});
  double best = -1;
  int64_t at = 0;
  for (const io::Record& record : io::read_journal(run + "/metrics.jsonl").records) {
    if (record.value("table", "") != "valid" || record.at("accuracy").get<double>() <= best) continue;
    best = record.at("accuracy").get<double>();
    at = record.at("step").get<int64_t>();
  }
  CHECK(at < 200);  // the first of those that are all right, while the NLL still falls
  CHECK(summarise_run(run).best_step == at);
  CHECK(summarise_run(run).best_accuracy == best);
  CHECK(Checkpoint(find_checkpoint(run)).state().step == at);
  CHECK(Checkpoint(find_checkpoint(run, "last")).state().best_step == at);
  CHECK_THROWS_WITH(
      train_in(place / "none", spec_of("{kind: made, hidden: [4]}", 2), 1, 0, {"eval.best=valid/accuracy"}),
      Catch::Contains("nothing to be right about"));
}

TEST_CASE("scores are the model's nll, also by its first component and piece by piece") {
  const DataSpec data = {.shape = {5}, .alphabet = 3, .classes = 0, .given = 2};
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"hidden=8"}, std::vector<std::string>{"hidden=8", "masks=3"}}) {
    const Built b = build("made", data, options);
    const Batch batch = random_batch(data, 9, 2);
    const Scores scores = b.model->scores(*b.parameters, batch);
    CHECK(scores.nll == b.model->nll(*b.parameters, batch));
    REQUIRE(scores.correct.size() == 9);
    Pass pass(*b.parameters);
    const Tensor logits = b.autoregressive().logits(pass, b.autoregressive().ordered(batch), 0).value();
    for (int64_t i = 0; i < 9; ++i) {
      int64_t right = 0;
      for (int64_t t = 2; t < 5; ++t) {
        const float* l = logits.data<float>() + (i * 5 + t) * 3;
        const int32_t s = batch.symbols.data<int32_t>()[i * 5 + t];
        right += l[s] >= std::max({l[0], l[1], l[2]}) ? 1 : 0;
      }
      CHECK(scores.correct[static_cast<size_t>(i)] == Approx(static_cast<double>(right) / 3));
    }
  }
}

TEST_CASE("a checkpoint of a text holds its vocabulary, and prompts are read with it") {
  const TemporaryDirectory place;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the cat sat.\n";
  std::ofstream(place / "cats.txt") << text;
  const std::string run = place / "run";
  train_in(run, "data: {kind: text, file: " + (place / "cats.txt") +
                    ", length: 8}\nmodel: {kind: made, hidden: [8]}\ntrain: {for: 3 steps, batch_size: 20}\n"
                    "eval: {every: 3 steps}\ncompute: {lanes: 2}\n");
  std::filesystem::remove(place / "cats.txt");
  const TrainedModel trained = load_trained_model(find_checkpoint(run));
  REQUIRE(trained.identity.vocabulary);
  CHECK(trained.identity.vocabulary->codes() == std::vector<int64_t>{'\n', ' ', '.', 'a', 'c', 'e', 'h', 's', 't'});
  const Tensor prompt = prompt_of(trained, "the");
  CHECK(trained.identity.vocabulary->text({prompt.data<int32_t>(), 3}) == "the");
  std::ofstream(place / "start.txt") << "a cat";
  CHECK(prompt_of(trained, "@" + (place / "start.txt")).shape() == Shape{1, 5});
  using Catch::Contains;
  CHECK_THROWS_WITH(prompt_of(trained, "a dog"), Contains("'d' at place 2"));
  CHECK_THROWS_WITH(prompt_of(trained, "@@cat"), Contains("'@' at place 0"));
  CHECK_THROWS_WITH(prompt_of(trained, ""), Contains("nothing in it"));
}

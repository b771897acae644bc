// Mixtures of runs, from the runs to an evaluation that needs none of them.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "base/log.hpp"
#include "catch.hpp"
#include "coding/codec.hpp"
#include "commands/runs/compare.hpp"
#include "commands/runs/show.hpp"
#include "data/source_file.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_model.hpp"
#include "generate/sampler.hpp"
#include "io/journal.hpp"
#include "proof/prove.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const std::string kData = "data: {kind: digits, train_limit: 200, valid_limit: 60, test_limit: 40}\n";

std::string part_spec(const std::string& model, const std::string& more = "") {
  return kData + "model: " + model + "\noptim: {lr: 0.01}\ntrain: {for: 20 steps, batch_size: 20" + more +
         "}\neval: {every: 10 steps, samples: 0}\nseed: 7\n";
}

std::string mixture_spec(const std::string& runs, const std::string& data = kData) {
  return data + "model: {kind: mixture, of: [" + runs + "]}\neval: {samples: 0}\n";
}

std::vector<double> nll_of_test(const std::string& run, const std::string& checkpoint) {
  const TrainedModel model = load_trained_model(run + "/checkpoints/" + checkpoint);
  const auto data = model.experiment.spec().data.build(data_sources_from_environment(model.identity.seed));
  LanePool pool(2);
  return evaluate(*model.built.model, *model.built.parameters, *data, Split::kTest, {}, pool).per_example;
}

const std::string kOneStep = "step-000000001.h5", kTwentySteps = "step-000000020.h5";

// Three families, one with an average of its weights, one a mixture of masks in a random order.
std::vector<std::string> three_runs(const TemporaryDirectory& root) {
  const std::vector<std::string> runs = {root / "fvsbn", root / "made", root / "nade"};
  train_in(runs[0], part_spec("{kind: fvsbn}", ", average: 0.9"));
  train_in(runs[1], part_spec("{kind: made, hidden: [20], masks: 2, order: random}"));
  train_in(runs[2], part_spec("{kind: nade, hidden: 10, order: random}"));
  return runs;
}

}  // namespace

TEST_CASE("a mixture of runs is the weighted mean of their probabilities, and needs them no more", "[mixture]") {
  const TemporaryDirectory root;
  const std::vector<std::string> runs = three_runs(root);
  const std::string mixed = root / "mixed";
  const TrainOutcome trained = train_in(mixed, mixture_spec(runs[0] + ", " + runs[1] + ", " + runs[2]), 2);
  CHECK(trained.status == RunStatus::kFinished);
  std::vector<std::vector<double>> parts;
  for (const std::string& run : runs) parts.push_back(nll_of_test(run, kTwentySteps));
  std::filesystem::rename(runs[0], root / "elsewhere");
  std::filesystem::remove_all(runs[1]);
  std::filesystem::remove_all(runs[2]);

  std::map<std::string, double> valid;
  for (const io::Record& record : io::read_journal(mixed + "/metrics.jsonl").records) {
    if (record.value("table", "") != "valid") continue;
    for (const auto& [key, value] : record.items())
      if (value.is_number()) valid[key] = value.get<double>();
  }
  const std::vector<double> w = {valid.at("weight_0"), valid.at("weight_1"), valid.at("weight_2")};
  CHECK(w[0] + w[1] + w[2] == Approx(1).epsilon(1e-9));
  const std::vector<double> nll = nll_of_test(mixed, kOneStep);
  for (size_t i = 0; i < nll.size(); ++i) {
    double log_p = -HUGE_VAL;
    for (size_t k = 0; k < 3; ++k) {
      const double term = std::log(w[k]) - parts[k][i];
      log_p = std::max(log_p, term) + std::log1p(std::exp(-std::abs(log_p - term)));
    }
    CHECK(nll[i] == Approx(-log_p).epsilon(1e-6));
  }

  // It is proved, drawn from and coded by itself.
  const TrainedModel model = load_trained_model(mixed + "/checkpoints/" + kOneStep);
  const AutoregressiveModel& law = model.autoregressive();
  REQUIRE(law.components() == 4);
  const std::vector<double> weights = law.log_weights(*model.built.parameters);
  CHECK(weights[1] == Approx(std::log(w[1] / 2)).epsilon(1e-6));
  CHECK(weights[1] == weights[2]);
  const auto data = model.experiment.spec().data.build(data_sources_from_environment(1));
  std::vector<int64_t> rows(40);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const Batch test = data->batch(Split::kTest, rows, 0);
  LanePool pool(2);
  for (const ProofCheck& check : prove_model(law, *model.built.parameters, test, ProofOptions{}, pool)) {
    INFO(check.name << ": " << check.finding);
    CHECK(check.pass);
  }
  const Codec codec(law, *model.built.parameters);
  const auto streams = codec.encode(test.symbols, pool);
  std::vector<std::span<const std::byte>> spans(streams.begin(), streams.end());
  const Tensor back = codec.decode(spans, 40, pool);
  CHECK(std::equal(back.data<int32_t>(), back.data<int32_t>() + back.count(), test.symbols.data<int32_t>()));
}

TEST_CASE("a mixture is described by its runs and their steps, and not by all that was found of them", "[mixture]") {
  const TemporaryDirectory root;
  const std::vector<std::string> runs = three_runs(root);
  train_in(root / "two", mixture_spec(runs[0] + ", " + runs[1]));
  train_in(root / "others", mixture_spec(runs[1] + ", " + runs[2]));
  CHECK(section_in_short(run_details(root / "two", false).fields, "model") ==
        "mixture  runs [fvsbn, made]  steps [20, 20]");
  std::vector<std::string> left_out;
  const Comparison comparison =
      compare_runs(readable_runs({summarise_run(root / "two"), summarise_run(root / "others")}, left_out), {});
  CHECK(comparison.fields == std::vector<std::string>{"model.runs"});
}

TEST_CASE("parts that are the same weights, or were trained on other data, are named in a warning", "[mixture]") {
  const TemporaryDirectory root;
  train_in(root / "a", part_spec("{kind: fvsbn}"));
  train_in(root / "b", part_spec("{kind: made, hidden: [9]}"));
  std::string few = part_spec("{kind: fvsbn}"), other = few;
  few.replace(few.find("train_limit: 200"), 16, "train_limit: 150");
  other.replace(other.find("kind: digits"), 12, "kind: digits, binarization: dynamic");
  train_in(root / "few", few);
  train_in(root / "other", other);
  const auto warnings = [&](const std::string& runs) {
    const std::string file = root / "log";
    std::filesystem::remove(file);
    log::set_file(file);
    train_in(root / ("mixed" + std::to_string(std::hash<std::string>()(runs))), mixture_spec(runs));
    log::set_file("");
    std::string found, line;
    std::istringstream lines(read(file));
    while (std::getline(lines, line))
      if (line.find("warning: model.of") != std::string::npos) found += line + "\n";
    return found;
  };
  const std::string a = root / "a", b = root / "b";
  CHECK(warnings(a + ", " + b).empty());
  CHECK_THAT(warnings(a + ", " + b + ", " + a), Catch::Contains("parts 0 and 2 are the same weights"));
  const std::string of_few = warnings(a + ", " + (root / "few")), of_other = warnings(a + ", " + (root / "other"));
  CHECK_THAT(of_few, Catch::Contains("few was trained on other"));
  CHECK_THAT(of_other, Catch::Contains("other was trained on other data than"));
}

TEST_CASE("samples of a mixture come from its parts as often as their weights say", "[mixture]") {
  const TemporaryDirectory root;
  train_in(root / "a", part_spec("{kind: fvsbn}"));
  train_in(root / "b", part_spec("{kind: made, hidden: [9]}"));
  train_in(root / "mixed", mixture_spec((root / "a") + ", " + (root / "b")));
  TrainedModel model = load_trained_model(root / "mixed/checkpoints/" + kOneStep);
  // Weights that leave no doubt: part 1 alone, which then draws what it draws by itself.
  for (size_t i = 0; i < model.built.parameters->parameters().size(); ++i) {
    if (model.built.parameters->parameters()[i].path != "log_weights") continue;
    Tensor w = model.built.parameters->value(i);
    w.data<float>()[0] = -200;
    w.data<float>()[1] = 0;
  }
  const TrainedModel alone = load_trained_model(root / "b/checkpoints/" + kTwentySteps);
  LanePool pool(2);
  const auto drawn = [&](const TrainedModel& of) {
    return Sampler(of.autoregressive(), *of.built.parameters).draw({.count = 12, .seed = 5}, pool);
  };
  const Tensor a = drawn(model), b = drawn(alone);
  CHECK(std::equal(a.data<int32_t>(), a.data<int32_t>() + a.count(), b.data<int32_t>()));
}

TEST_CASE("the same mixture has one fingerprint and the same bytes, for any number of threads, wherever its runs lie",
          "[mixture]") {
  const TemporaryDirectory root;
  std::vector<std::string> runs = three_runs(root);
  const auto mix = [&](const std::string& name, int threads) {
    train_in(root / name, mixture_spec(runs[0] + ", " + runs[2]), threads);
    return read(root / name + "/checkpoints/" + kOneStep);
  };
  const std::string first = mix("first", 1);
  CHECK(mix("second", 3) == first);
  // Stopped before its one step, and gone on with.
  CHECK(train_in(root / "stopped", mixture_spec(runs[0] + ", " + runs[2]), 1, 1).status == RunStatus::kFinished);
  for (std::string& run : runs) {
    std::filesystem::rename(run, run + "-moved");
    run += "-moved";
  }
  mix("third", 1);
  CHECK(summarise_run(root / "third").fingerprint == summarise_run(root / "first").fingerprint);
  train_in(root / "other", mixture_spec(runs[2] + ", " + runs[0]));
  CHECK(summarise_run(root / "other").fingerprint != summarise_run(root / "first").fingerprint);
}

TEST_CASE("a mixture may be of mixtures, and of models of p(x|y)", "[mixture]") {
  const TemporaryDirectory root;
  const std::vector<std::string> runs = three_runs(root);
  train_in(root / "pair", mixture_spec(runs[1] + ", " + runs[2]));
  train_in(root / "nested", mixture_spec((root / "pair") + ", " + runs[0]));
  const std::vector<double> pair = nll_of_test(root / "pair", kOneStep), fvsbn = nll_of_test(runs[0], kTwentySteps);
  const TrainedModel nested = load_trained_model(root / "nested/checkpoints/" + kOneStep);
  const std::vector<double> w = nested.autoregressive().log_weights(*nested.built.parameters);
  REQUIRE(w.size() == 4);
  const double first = std::exp(w[0]) + std::exp(w[1]) + std::exp(w[2]);
  const std::vector<double> nll = nll_of_test(root / "nested", kOneStep);
  for (size_t i = 0; i < nll.size(); ++i)
    CHECK(nll[i] == Approx(-std::log(first * std::exp(-pair[i]) + std::exp(w[3] - fvsbn[i]))).epsilon(1e-5));

  train_in(root / "c1", part_spec("{kind: fvsbn, condition: class}"));
  train_in(root / "c2", part_spec("{kind: made, hidden: [8], condition: class}"));
  train_in(root / "classes", mixture_spec((root / "c1") + ", " + (root / "c2")));
  CHECK(summarise_run(root / "classes").nll_of == NllSubject::kXGivenY);
  const std::string kinds =
      refusal_of(ExitCode::kUsage, [&] { train_in(root / "no", mixture_spec((root / "c1") + ", " + runs[0])); });
  CHECK(kinds.find("p(x|y)") != std::string::npos);
  train_in(root / "joint", part_spec("{kind: fvsbn, condition: joint}"));
  CHECK(refusal_of(ExitCode::kUsage, [&] {
          train_in(root / "no", mixture_spec(root / "joint"));
        }).find("model.condition=class") != std::string::npos);
}

TEST_CASE("what cannot be mixed is said: no such run, other symbols, other lengths, weights that are gone",
          "[mixture]") {
  const TemporaryDirectory root;
  const std::vector<std::string> runs = three_runs(root);
  CHECK(refusal_of(ExitCode::kUsage, [&] {
          train_in(root / "no", mixture_spec("nosuchrun"));
        }).find("model.of: no run 'nosuchrun'") != std::string::npos);
  const std::string other = refusal_of(ExitCode::kUsage, [&] {
    train_in(root / "no",
             mixture_spec(runs[0], "data: {kind: text, file: " + (root / "fvsbn/resolved.yaml") + ", length: 8}\n"));
  });
  CHECK(other.find("a model of other symbols than those of this data") != std::string::npos);
  CHECK(other.find("symbols of the data: 2 there") != std::string::npos);
  CHECK(refusal_of(ExitCode::kUsage, [&] {
          train_in(root / "no", mixture_spec(runs[0]) + "train: {for: 3 epochs}\n");
        }).find("fitted in one step") != std::string::npos);
  CHECK(refusal_of(ExitCode::kUsage, [&] {
          train_in(root / "no", kData + "model: {kind: symmetries, of: {kind: mixture, of: [" + runs[0] + "]}}\n");
        }).find("it is a whole model") != std::string::npos);

  train_in(root / "mixed", mixture_spec(runs[0]));
  std::filesystem::remove_all(runs[0]);
  const std::string again = read(root / "mixed/resolved.yaml");
  const std::string gone = refusal_of(ExitCode::kCheckpoint, [&] { train_in(root / "again", again); });
  CHECK(gone.find("the weights of a part of the mixture are not found") != std::string::npos);
  CHECK(gone.find("model.of=") != std::string::npos);
}

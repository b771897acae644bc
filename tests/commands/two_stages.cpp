// A VQ-VAE, a prior over its codes, and the bound that both give.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "commands/sample/draft.hpp"
#include "evaluate/bound.hpp"
#include "experiment/autoencoder.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/trained_data.hpp"
#include "experiment/trained_model.hpp"
#include "models/battery.hpp"
#include "models/codes/code_model.hpp"
#include "ranks/thread_ranks.hpp"
#include "runs/find_run.hpp"
#include "two_stage_runs.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the bound never falls below -log p(x), and is equal when every code map is summed") {
  const DataSpec images = {.shape = {2, 4}, .alphabet = 2, .classes = 0};
  for (const std::string quantizer : {"ema", "fsq", "residual", "ema pixelcnn"}) {
    INFO(quantizer);
    std::vector<std::string> options = {"width=4", "dim=4", "blocks=0", "strides=2",
                                        "quantizer.kind=" + quantizer.substr(0, quantizer.find(' '))};
    options.push_back(quantizer == "fsq"        ? "quantizer.levels=3"
                      : quantizer == "residual" ? "quantizer.of.codes=3"
                                                : "quantizer.codes=3");
    if (says(quantizer, "pixelcnn")) options.insert(options.end(), {"decoder.kind=pixelcnn", "decoder.channels=3"});
    Built one = build("vqvae", images, options);
    one.model->initialise_from(*one.parameters, random_batch(images, 20, 4), RandomStream(1, "first"));
    const CodeModel& model = *one.model->code_model();
    const DataSpec map = model.codes();
    const Built prior = build("made", map, {"hidden=9"});
    wander(prior, map, 5);
    const Batch every_image = all_images(images, 0), every_map = all_images(map, 0);
    const int64_t n = every_image.count(), maps = every_map.count();
    REQUIRE(maps == (quantizer == "residual" ? 81 : 9));
    // p(x) by hand, one image after the other.
    const std::vector<double> z = prior.model->nll(*prior.parameters, every_map);
    std::vector<double> exact;
    double total = 0;
    for (int64_t i = 0; i < n; ++i) {
      Tensor same({maps, 8}, DType::kS32);
      for (int64_t k = 0; k < maps; ++k)
        std::copy_n(every_image.symbols.data<int32_t>() + 8 * i, 8, same.data<int32_t>() + 8 * k);
      const Tensor x = negative_log_likelihood(model.logits(*one.parameters, every_map.symbols, same), same).value();
      double p = 0;
      for (int64_t k = 0; k < maps; ++k)
        p += std::exp(-z[static_cast<size_t>(k)] - static_cast<double>(x.data<float>()[k]));
      total += p;
      exact.push_back(-std::log(p));
    }
    CHECK(total == Approx(1.0).epsilon(1e-4));  // both stages together are a likelihood
    const Tensor codes = model.reconstruct(*one.parameters, every_image.symbols).codes;
    const Autoencoder autoencoder(model, *one.parameters);
    std::vector<double> before(static_cast<size_t>(n), HUGE_VAL);
    for (const int64_t summed : {int64_t{1}, int64_t{2}, int64_t{5}, maps, maps + 10}) {
      const Bounds b = bounds_of(autoencoder, *prior.model, *prior.parameters, every_image.symbols, codes, summed);
      INFO(summed << " of " << maps);
      for (size_t i = 0; i < before.size(); ++i) {
        CHECK(b.total[i] >= exact[i] - 1e-5);
        CHECK(b.total[i] <= b.reconstruction[i] + b.prior[i]);
        if (summed == 1) CHECK(b.total[i] == Approx(b.reconstruction[i] + b.prior[i]));
        if (summed == 2) CHECK(b.total[i] < before[i]);
        if (summed >= maps) CHECK(b.total[i] == Approx(exact[i]).epsilon(1e-5));
      }
      before = b.total;
    }
  }
}

TEST_CASE("stage one is trained, watched and evaluated; a prior of its codes gives a bound, and needs its file alone") {
  const TemporaryDirectory root;
  const std::string one = root / "one", prior = root / "prior";
  REQUIRE(train_in(one, kStageOne).status == RunStatus::kFinished);
  CHECK(says(timeless_journal(one), "\"codes_used\":"));
  CHECK(says(timeless_journal(one), "\"code_perplexity\":"));
  CHECK(says(timeless_journal(one), "\"quantization_error\":"));
  CHECK(std::filesystem::exists(one + "/samples/step-000000040.png"));
  const EvalOutcome reconstruction = evaluate_checkpoint(request(one));
  REQUIRE(reconstruction.code_use);
  CHECK(!reconstruction.bound);
  CHECK(reconstruction.code_use->used() <= 6);
  CHECK(reconstruction.code_use->perplexity() <= 6.0001);

  REQUIRE(train_in(prior, prior_spec(one)).status == RunStatus::kFinished);
  const EvalOutcome bound = evaluate_checkpoint(request(prior)), tighter = evaluate_checkpoint(request(prior, 4));
  REQUIRE(bound.bound);
  CHECK(bound.result.nll == Approx(bound.bound->reconstruction.nll + bound.bound->prior.nll));
  CHECK(bound.bound->reconstruction.nll == Approx(reconstruction.result.nll).epsilon(1e-5));
  CHECK(bound.result.bpd == Approx(bound.result.nll / (784 * std::log(2.0))));
  CHECK(tighter.result.nll < bound.result.nll);
  CHECK(tighter.bound->prior.nll == Approx(bound.bound->prior.nll));

  // The prior's file is all that sampling and evaluation need.
  const std::string file = root / "PRIOR.h5";
  std::filesystem::copy(prior + "/checkpoints/step-000000020.h5", file);
  std::filesystem::remove_all(one);
  CHECK(evaluate_checkpoint(request(file)).result.nll ==
        evaluate_checkpoint(request(prior + "/checkpoints/step-000000020.h5")).result.nll);
  const TrainedModel trained = load_trained_model(file);
  REQUIRE(trained.identity.stage_one);
  const auto codes = build_data(trained.experiment, data_sources_from_environment(1), trained);
  const std::vector<int64_t> rows = {0};
  const io::Image image = codes->render({codes->batch(Split::kTest, rows, 0).symbols.data<int32_t>(), 49});
  CHECK(image.width == 28);
  CHECK(says(refusal_of(ExitCode::kUsage, [&] { train_in(root / "again", prior_spec(one)); }), "data.from"));
}

TEST_CASE("a prior that is stopped and resumed gives the bytes of one that never stopped, without its stage one") {
  const TemporaryDirectory root;
  const std::string one = root / "one";
  train_in(one, kStageOne);
  for (const std::string model : {"{kind: gated_pixelcnn, channels: 3, blocks: 1, condition: class}"}) {
    REQUIRE(train_in(root / "whole", prior_spec(one, model)).status == RunStatus::kFinished);
    REQUIRE(train_in(root / "stops", prior_spec(one, model), 2, 3).status == RunStatus::kStopped);
    REQUIRE(train_in(root / "stops", prior_spec(one, model), 1, 8).status == RunStatus::kStopped);
    std::filesystem::remove_all(one);
    TrainRequest go_on;
    go_on.resume = root / "stops";
    TrainObserver nobody;
    REQUIRE(train(go_on, nobody).status == RunStatus::kFinished);
    const std::string last = "/checkpoints/step-000000020.h5";
    CHECK(read((root / "stops") + last) == read((root / "whole") + last));
    CHECK(timeless_journal(root / "stops") == timeless_journal(root / "whole"));
  }
}

TEST_CASE("images drawn anew for each epoch have codes of their own") {
  const TemporaryDirectory root;
  std::string spec = kStageOne;
  spec.replace(spec.find("digits,"), 7, "digits, binarization: dynamic,");
  train_in(root / "one", spec);
  auto stage_one =
      std::make_shared<const TrainedModel>(load_trained_model((root / "one") + "/checkpoints/step-000000040.h5"));
  const CodesDataset data(stage_one, data_sources_from_environment(1));
  const std::vector<int64_t> rows = {5, 7, 9, 11, 13};
  const auto at = [&](Split split, int64_t epoch) {
    const Tensor t = data.batch(split, rows, epoch).symbols;
    return std::vector<int32_t>(t.data<int32_t>(), t.data<int32_t>() + t.count());
  };
  CHECK(at(Split::kTrain, 0) == at(Split::kTrain, 0));
  CHECK(at(Split::kTrain, 0) != at(Split::kTrain, 1));
  CHECK(at(Split::kValid, 0) == at(Split::kValid, 1));

  // The bound is averaged over binarizations, image by image.
  train_in(root / "prior", prior_spec(root / "one"));
  EvalRequest drawn = request(root / "prior");
  const double once = evaluate_checkpoint(drawn).result.nll;
  drawn.draws = 3;
  const EvalOutcome mean = evaluate_checkpoint(drawn);
  REQUIRE(mean.draws.size() == 3);
  CHECK(mean.draws[0] == Approx(once));
  CHECK(mean.draws[1] != mean.draws[0]);
  CHECK(mean.result.nll == Approx((mean.draws[0] + mean.draws[1] + mean.draws[2]) / 3));
  CHECK(mean.result.nll == Approx(mean.bound->reconstruction.nll + mean.bound->prior.nll));
  drawn.selector = root / "one";
  CHECK(evaluate_checkpoint(drawn).draws.size() == 3);
}

TEST_CASE("what is no VQ-VAE, or has other codes, is refused with one message") {
  const TemporaryDirectory root;
  const std::string one = root / "one", other = root / "other", made = root / "made", prior = root / "prior";
  train_in(one, kStageOne);
  std::string spec = kStageOne;
  spec.replace(spec.find("codes: 6"), 8, "codes: 5");
  train_in(other, spec);
  train_in(made, spec_of("{kind: fvsbn}", 2));
  CHECK(says(refusal_of(ExitCode::kUsage, [&] { train_in(root / "a", prior_spec(made)); }),
             "fvsbn model, which has no codes"));
  CHECK(says(refusal_of(ExitCode::kUsage, [&] { train_in(root / "b", prior_spec(root / "nowhere")); }), "data.from"));
  train_in(prior, prior_spec(one));
  EvalRequest with_other = request(prior);
  with_other.overrides = {"data.from=" + other};
  CHECK(says(refusal_of(ExitCode::kData, [&] { evaluate_checkpoint(with_other); }),
             "6 symbols, and this data has [7, 7] with 5"));
  CHECK(says(refusal_of(ExitCode::kUsage, [&] { evaluate_checkpoint(request(made, 3)); }), "--codes 3"));
}

TEST_CASE("ranks share the encoding of images, and have the codes of one process") {
  const TemporaryDirectory root;
  train_in(root / "one", kStageOne);
  const auto stage_one = std::make_shared<TrainedModel>(load_trained_model(find_checkpoint(root / "one")));
  const auto rows_of = [](const CodesDataset& data, Split split) {
    std::vector<int64_t> rows(static_cast<size_t>(data.count(split)));
    std::iota(rows.begin(), rows.end(), int64_t{0});
    return data.batch(split, rows, 0).symbols;
  };
  const CodesDataset alone(stage_one, data_sources_from_environment(1));
  for (const int size : {1, 2, 3, 4}) {  // of 300 images, encoded 100 at a time
    std::vector<Tensor> codes(static_cast<size_t>(size));
    std::vector<int64_t> encoded(codes.size());
    ThreadRanks::run(size, [&](Ranks& ranks) {
      const CodesDataset data(stage_one, data_sources_from_environment(1));
      LanePool pool(1);
      const auto r = static_cast<size_t>(ranks.rank());
      encoded[r] = data.encode_together(Split::kTrain, ranks, pool);
      codes[r] = rows_of(data, Split::kTrain);
    });
    INFO(size << " ranks");
    CHECK(std::accumulate(encoded.begin(), encoded.end(), int64_t{0}) == 300);
    CHECK(*std::max_element(encoded.begin(), encoded.end()) == (size == 1 ? 300 : size == 2 ? 200 : 100));
    const Tensor expected = rows_of(alone, Split::kTrain);
    for (const Tensor& found : codes) {
      REQUIRE(found.count() == expected.count());
      CHECK(std::memcmp(found.raw(), expected.raw(), expected.bytes()) == 0);
    }
  }
}

TEST_CASE("codes are encoded by the thread that asks for them") {
  const TemporaryDirectory root;
  train_in(root / "one", kStageOne);
  const std::shared_ptr<const TrainedModel> stage_one =
      std::make_shared<TrainedModel>(load_trained_model(find_checkpoint(root / "one")));
  const CodesDataset data(stage_one, data_sources_from_environment(1));
  const auto threads = [] {
    int count = 0;
    for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
    return count;
  };
  std::atomic<bool> done = false;
  std::atomic<int> most = 0;
  std::thread watcher([&] {
    while (!done) most = std::max(most.load(), threads());
  });
  const int before = threads();
  std::vector<int64_t> rows(300);
  std::iota(rows.begin(), rows.end(), 0);
  const Batch all = data.batch(Split::kTrain, rows, 0);
  done = true;
  watcher.join();
  CHECK(most <= before);
  // One by one and backwards, the same codes.
  const CodesDataset again(stage_one, data_sources_from_environment(1));
  for (int64_t i = 299; i >= 0; i -= 23) {
    const Batch one = again.batch(Split::kTrain, std::vector<int64_t>{i}, 0);
    CHECK(std::memcmp(one.symbols.raw(), all.symbols.rows(i, i + 1).raw(), one.symbols.bytes()) == 0);
  }
}

TEST_CASE("codes of another stage one, or of another step of it, are other symbols for mixtures and drafts") {
  const TemporaryDirectory root;
  train_in(root / "one", kStageOne);
  train_in(root / "other", kStageOne + "seed: 2\n");
  const std::string first = root / "one/checkpoints/step-000000020.h5",
                    second = root / "one/checkpoints/step-000000040.h5";
  train_in(root / "a", prior_spec(first));
  train_in(root / "b", prior_spec(second));
  train_in(root / "c", prior_spec(root / "other"));
  for (const char* run : {"b", "c"}) {
    const std::string words = refusal_of(ExitCode::kUsage, [&] {
      train_in(root / "no", "data: {kind: codes, from: " + first + "}\nmodel: {kind: mixture, of: [" + (root / "a") +
                                ", " + (root / run) + "]}\n");
    });
    INFO(words);
    CHECK(says(words, "codes: of another VQ-VAE there"));
    const TrainedModel model = load_trained_model(find_checkpoint(root / "a"));
    CHECK(says(refusal_of(ExitCode::kUsage, [&] { load_draft(root / run, model); }),
               "the codes of this run's stage one"));
  }
  // The words for both data are the same; what was evaluated is told apart all the same.
  EvalRequest elsewhere = request(root / "a");
  elsewhere.overrides = {"data.from=" + (root / "other")};
  const EvalOutcome e = evaluate_checkpoint(elsewhere);
  CHECK(e.data.other);
  CHECK(e.data.description != e.data.trained_on);
}

TEST_CASE("a classifier of codes is judged by the labels of their images") {
  const TemporaryDirectory root;
  train_in(root / "one", kStageOne);
  train_in(root / "two",
           prior_spec(root / "one", "{kind: sequence_classifier, width: 4, layers: 1, mixer: {kind: gru}}"));
  const EvalOutcome e = evaluate_checkpoint(request(root / "two"));
  CHECK_FALSE(e.bound);
  CHECK(e.accuracy);
  CHECK(e.result.nll == Approx(std::log(10.0)).margin(1.0));
}

TEST_CASE("fewer than a tenth of the codes in use is said, with a remedy") {
  CodeUse use;
  use.counts.assign(50, 0);
  use.counts[3] = 10;
  use.counts[4] = 10;
  CHECK(use.used() == 2);
  CHECK(use.perplexity() == Approx(2));
  CHECK(says(use.warning(), "2 of 50 codes"));
  CHECK(says(use.warning(), "model.quantizer.kind=ema"));
  for (size_t i = 0; i < 5; ++i) use.counts[i] = 1;
  CHECK(use.warning().empty());
}

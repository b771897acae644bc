// The same spec gives the same bits: for any number of threads, and however often the run was stopped.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "config/print.hpp"
#include "experiment/checkpoint.hpp"
#include "mixers/mixer.hpp"
#include "models/model.hpp"
#include "optim/optimizer.hpp"
#include "registered.hpp"
#include "runs/run_directory.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// A mixer's kind, with what makes it fit into four channels.
std::string sized(const std::string& mixer) {
  if (mixer == "mamba2") return mixer + ", head: 4";
  if (mixer == "attention") return mixer + ", heads: 2, dropout: 0.1";
  return mixer + (mixer == "gla" || mixer == "retnet" ? ", heads: 2" : "");
}

// One small spec for every registered model, by its defaults where it has no size.
std::vector<std::string> models() {
  std::vector<std::string> specs;
  for (const auto& [kind, entry] : registered(model_kinds())) {
    if (kind == "mixture") continue;  // one step, of other runs: tests/commands/mixture.cpp
    if (kind == "ardm") {             // a pass of the network for each lot of pixels
      specs.push_back("{kind: ardm, channels: 2, blocks: 1, parallel: 98}");
      continue;
    }
    if (kind != "vqvae" && kind.rfind("sequence", 0) != 0) specs.push_back("{kind: " + kind + "}");
  }
  for (const auto& [mixer, entry] : registered(mixer_kinds())) {
    specs.push_back("{kind: sequence, width: 4, layers: 1, mixer: {kind: " + sized(mixer) + "}}");
  }
  specs.push_back("{kind: sequence_classifier, width: 4, layers: 1, mlp: gelu, dropout: 0.2, mixer: {kind: gru}}");
  specs.push_back(
      "{kind: sequence, width: 4, layers: 2, mlp: moe, expansion: 1, moe: {experts: 3, top_k: 1, rate: 0.05}, mixer: "
      "{kind: gru}}");
  specs.push_back(
      "{kind: sequence_classifier, width: 4, layers: 1, mlp: moe, expansion: 1, moe: {experts: 4, balance: loss}, "
      "mixer: "
      "{kind: gru}}");
  for (const std::string quantizer :
       {"{kind: ste, codes: 8}", "{kind: ema, codes: 300, restart_below: 5}", "{kind: gumbel, codes: 8}",
        "{kind: fsq, levels: [3, 3]}", "{kind: residual, of: {kind: rotation, codes: 8}}"}) {
    specs.push_back("{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: " + quantizer + "}");
  }
  specs.push_back(
      "{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: ema, codes: 8}, encoder: stochastic, rate: {kind: "
      "prior, channels: 4}, decoder: {kind: pixelcnn, channels: 2, blocks: 1}}");
  specs.push_back(
      "{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: ste, codes: 8}, rate: {kind: prior, channels: 4}}");
  specs.push_back(
      "{kind: vqvae, width: 4, dim: 4, blocks: 1, levels: 2, quantizer: {kind: ema, codes: 8}, encoder: stochastic, "
      "rate: {kind: prior, channels: 4, warmup: 9}}");
  specs.push_back("{kind: made, hidden: [20, 15], masks: 2, order: random, direct: true}");
  specs.push_back("{kind: nade, hidden: 20, order: hilbert, condition: joint}");
  specs.push_back("{kind: eonade, hidden: [20, 15], orders: 2, condition: class}");
  return specs;
}

constexpr int kSteps = 12;
const std::string kLast = "checkpoints/step-000000012.h5";

}  // namespace

TEST_CASE("1, 2 and 4 threads give byte-identical checkpoints") {
  const TemporaryDirectory root;
  int number = 0;
  for (const std::string& model : models()) {
    INFO(model);
    ++number;
    std::string one;
    for (const int threads : {1, 2, 4}) {
      const std::string directory = root / (std::to_string(threads) + "-" + std::to_string(number));
      REQUIRE(train_in(directory, spec_of(model, kSteps), threads).status == RunStatus::kFinished);
      const std::string bytes = read(directory + "/" + kLast);
      REQUIRE(bytes.size() > 10000);
      if (threads == 1) one = bytes;
      else CHECK(bytes == one);
    }
  }
}

TEST_CASE("stopping and resuming at every step gives the bytes of a run that never stopped") {
  const TemporaryDirectory root;
  int number = 0;
  for (const std::string& model : models()) {
    INFO(model);
    const std::string spec = spec_of(model, kSteps), whole = root / ("whole" + std::to_string(number));
    REQUIRE(train_in(whole, spec).status == RunStatus::kFinished);
    const std::string directory = root / ("stops" + std::to_string(number++));
    for (int step = 1; step < kSteps; ++step)
      REQUIRE(train_in(directory, spec, 1 + step % 3, 1).status == RunStatus::kStopped);
    REQUIRE(train_in(directory, spec).status == RunStatus::kFinished);
    CHECK(read(directory + "/" + kLast) == read(whole + "/" + kLast));
    CHECK(timeless_journal(directory) == timeless_journal(whole));
    CHECK(timeless_journal(whole).find("\"valid\"") != std::string::npos);
  }
}

TEST_CASE("every optimizer gives the same bits for any number of threads, and when it was stopped") {
  const TemporaryDirectory root;
  for (const auto& [kind, entry] : registered(optimizer_kinds())) {
    INFO(kind);
    const std::vector<std::string> rule = {"optim={kind: " + kind + ", lr: 1e-3}"};
    const std::string spec = spec_of("{kind: made, hidden: [20, 15]}", kSteps);
    const std::string whole = root / (kind + "-whole"), stops = root / (kind + "-stops");
    REQUIRE(train_in(whole, spec, 3, 0, rule).status == RunStatus::kFinished);
    for (int step = 1; step < kSteps; ++step)
      REQUIRE(train_in(stops, spec, 1 + step % 2, 1, rule).status == RunStatus::kStopped);
    REQUIRE(train_in(stops, spec, 1, 0, rule).status == RunStatus::kFinished);
    CHECK(read(stops + "/" + kLast) == read(whole + "/" + kLast));
  }
}

TEST_CASE("settings of blocks that came later are no part of a spec that leaves them at their defaults") {
  const TemporaryDirectory place;
  std::ofstream(place / "spec.yaml") << spec_of("{kind: sequence, width: 8, layers: 2, mixer: {kind: gru}}", 4);
  const auto text = [&](const std::vector<std::string>& overrides) {
    return config::canonical_text(Experiment::load(place / "spec.yaml", overrides).fields());
  };
  const std::string before = text({});
  CHECK_FALSE(before.find("mixers") != std::string::npos);
  CHECK_FALSE(before.find("parallel") != std::string::npos);
  CHECK(text({"model.mixers=[]", "model.residual_scale=1", "model.parallel=false"}) == before);
  CHECK(text({"model.mixers=gru,lru"}).find("model.mixers: [gru, lru]") != std::string::npos);
  CHECK(text({"model.residual_scale=depth"}).find("model.residual_scale: depth") != std::string::npos);
}

TEST_CASE("rows of train metrics count the examples there were, and tell the loss from the NLL where they differ") {
  const TemporaryDirectory root;
  for (const std::string model : {"{kind: vqvae, width: 8, dim: 4, blocks: 1, quantizer: {kind: ste, codes: 8}}",
                                  "{kind: pixelcnn, channels: 8, blocks: 1}"}) {
    INFO(model);
    const std::string directory = root / model.substr(7, 5);
    train_in(directory, "data: {kind: digits, train_limit: 60, valid_limit: 10}\nmodel: " + model +
                            "\ntrain: {for: 6 steps, batch_size: 60000, log_every: 2 steps}\n"
                            "eval: {every: 6 steps, samples: 0}\n");
    double time = 0;
    int rows = 0;
    for (const io::Record& record : io::read_journal(directory + "/metrics.jsonl").records) {
      if (record.value("table", "") != "train") continue;
      ++rows;
      const double examples = record["items_per_s"].get<double>() * (record["time"].get<double>() - time);
      time = record["time"].get<double>();
      CHECK(examples > 119);       // of two steps; their own time is at most what went by
      CHECK(examples < 120 * 20);  // and 120,000 of nominal batches would be a thousand times as many
      CHECK(record.contains("loss") == (model.find("vqvae") != std::string::npos));
      if (record.contains("loss")) CHECK(record["loss"].get<double>() > record["nll"].get<double>());
      CHECK(record["bpd"].get<double>() == Approx(record["nll"].get<double>() / 784 / std::log(2.0)));
    }
    CHECK(rows == 3);
  }
}

TEST_CASE("a finished run is extended by a larger train.for, and only by that") {
  const TemporaryDirectory root;
  const std::string spec =
      "data: {kind: digits, train_limit: 60, valid_limit: 20}\nmodel: {kind: fvsbn}\n"
      "train: {for: 4 steps, batch_size: 20}\neval: {every: 2 steps, samples: 0}\ncompute: {lanes: 2}\n";
  REQUIRE(train_in(root / "run", spec).status == RunStatus::kFinished);
  REQUIRE(train_in(root / "run", spec, 1, 0, {"train.for=8 steps"}).status == RunStatus::kFinished);
  REQUIRE(train_in(root / "eight", spec, 1, 0, {"train.for=8 steps"}).status == RunStatus::kFinished);
  const std::string last = "/checkpoints/step-000000008.h5";
  CHECK(read((root / "run") + last) == read((root / "eight") + last));
  try {
    train_in(root / "run", spec, 1, 0, {"optim.lr=0.5"});
    FAIL("another lr was accepted");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("optim.lr: 0.001 there, 0.5 here") != std::string::npos);
  }
}

TEST_CASE("a damaged newest checkpoint is set aside, and the run goes on from the one before, to the same bytes") {
  const TemporaryDirectory root;
  const std::string spec = spec_of("{kind: made, hidden: [20]}", kSteps);
  train_in(root / "whole", spec);
  train_in(root / "run", spec, 1, 8);
  const std::string newest = (root / "run") + "/checkpoints/step-000000008.h5";
  std::string bytes = read(newest);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(newest, std::ios::binary) << bytes;
  REQUIRE(train_in(root / "run", spec).status == RunStatus::kFinished);
  CHECK(std::filesystem::exists(newest + ".damaged"));
  CHECK(read((root / "run") + "/" + kLast) == read((root / "whole") + "/" + kLast));
  CHECK(timeless_journal(root / "run") == timeless_journal(root / "whole"));
}

namespace {

// Trains all steps but the last with these overrides, and the last one without them: the bytes of its checkpoint are
// those of a run that never had them only if every step gave the same bits.
std::string bytes_but_for_the_end(const std::string& directory, const std::string& spec, int threads,
                                  const std::vector<std::string>& overrides) {
  REQUIRE(train_in(directory, spec, threads, kSteps - 1, overrides).status == RunStatus::kStopped);
  REQUIRE(train_in(directory, spec, threads).status == RunStatus::kFinished);
  return read(directory + "/" + kLast);
}

}  // namespace

TEST_CASE("small batches one after the other give the bytes of the whole batch, and may change on the way") {
  const TemporaryDirectory root;
  int number = 0;
  for (const std::string model :
       {"{kind: made, hidden: [20, 15], masks: 2}", "{kind: pixelcnn, channels: 2, blocks: 1}",
        "{kind: sequence, width: 4, layers: 1, dropout: 0.2, mixer: {kind: s4d}}",
        "{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: ema, codes: 300, restart_below: 5}}"}) {
    std::string spec = spec_of(model, kSteps);
    spec.replace(spec.find("batch_size: 14"), 14, "batch_size: 16");  // 60 examples: the last batch of an epoch has 12
    const std::string whole = root / ("whole" + std::to_string(number));
    REQUIRE(train_in(whole, spec, 2).status == RunStatus::kFinished);
    for (const std::string batches : {"2", "4"}) {
      INFO(model << ", " << batches << " small batches");
      const std::string directory = root / (batches + "-" + std::to_string(number));
      CHECK(bytes_but_for_the_end(directory, spec, 1 + number % 2, {"train.accumulate=" + batches}) ==
            read(whole + "/" + kLast));
    }
    ++number;
  }
}

TEST_CASE("blocks that are computed again for the gradient give the bytes of those that are kept, noise included") {
  const TemporaryDirectory root;
  int number = 0;
  std::vector<std::string> models = {
      "{kind: pixelcnn, channels: 2, blocks: 3, condition: class}",
      "{kind: diagonal_bilstm, hidden: 2, layers: 2, dropout: 0.2, condition: class}",
      "{kind: pixelsnail, channels: 2, blocks: 2, layers: 1, keys: 2, values: 2, dropout: 0.2, condition: class}",
      "{kind: augmented, of: {kind: pixelcnn, channels: 2, blocks: 2}}",
      "{kind: sequence, width: 4, layers: 2, mlp: swiglu, dropout: 0.2, parallel: true, mixer: {kind: retnet, heads: "
      "2}}",
      "{kind: sequence_classifier, width: 4, layers: 3, mlp: gelu, dropout: 0.2, norm_place: post, mixer: {kind: "
      "gru}}",
      "{kind: sequence, width: 4, layers: 2, mlp: moe, moe: {experts: 3, balance: loss}, dropout: 0.2, mixer: {kind: "
      "gru}}",
      "{kind: sequence, width: 4, layers: 2, mlp: moe, moe: {experts: 3, rate: 0.05}, mixer: {kind: gru}}"};
  for (const auto& [mixer, entry] : registered(mixer_kinds())) {
    models.push_back("{kind: sequence, width: 4, layers: 2, mixer: {kind: " + sized(mixer) + "}}");
  }
  for (const std::string& model : models) {
    INFO(model);
    const std::string spec = spec_of(model, kSteps), whole = root / ("whole" + std::to_string(number));
    REQUIRE(train_in(whole, spec, 2).status == RunStatus::kFinished);
    CHECK(bytes_but_for_the_end(root / ("again" + std::to_string(number)), spec, 2, {"compute.recompute=blocks"}) ==
          read(whole + "/" + kLast));
    ++number;
  }
}

TEST_CASE("small batches that do not make the batch are refused, and so are blocks where there are none") {
  const TemporaryDirectory root;
  const auto words = [&](const std::string& model, const std::vector<std::string>& overrides) {
    return refusal_of(ExitCode::kUsage, [&] { train_in(root / "refused", spec_of(model, 4), 1, 0, overrides); });
  };
  const std::string made = "{kind: made, hidden: [20]}";
  CHECK(words(made, {"train.accumulate=3"}).find("3 small batches do not make a batch of 14") != std::string::npos);
  CHECK(words(made, {"train.accumulate=7"}).find("4 lanes cannot be shared out among 7 small batches") !=
        std::string::npos);
  CHECK(words(made, {"train.accumulate=200", "train.batch_size=400", "compute.lanes=auto"})
            .find("a step would have 400 lanes, and 256 are the most") != std::string::npos);
  CHECK(words(made, {"compute.recompute=blocks"}).find("a made has no blocks") != std::string::npos);
}

TEST_CASE("a run on rows of documents is resumed to its bytes, and its checkpoint knows what ends a document") {
  const TemporaryDirectory root;
  std::ofstream lines(root / "documents.jsonl");
  for (int i = 0; i < 60; ++i)
    lines << "{\"text\": \"document " << i * i << std::string(static_cast<size_t>(i % 9), '.') << "\"}\n";
  lines.close();
  std::string spec = spec_of("{kind: sequence, width: 4, layers: 1, mixer: {kind: s4}}", kSteps);
  spec.replace(0, spec.find('\n'),
               "data: {kind: text, documents: " + (root / "documents.jsonl") + ", length: 24, split: [0.7, 0.3, 0]}");
  const std::string whole = root / "whole", stops = root / "stops";
  REQUIRE(train_in(whole, spec, 2).status == RunStatus::kFinished);
  for (const int steps : {3, 4}) REQUIRE(train_in(stops, spec, 1, steps).status == RunStatus::kStopped);
  REQUIRE(train_in(stops, spec, 1).status == RunStatus::kFinished);
  CHECK(read(stops + "/" + kLast) == read(whole + "/" + kLast));
  const Checkpoint checkpoint(whole + "/" + kLast);
  REQUIRE(checkpoint.identity().vocabulary);
  CHECK(checkpoint.identity().vocabulary->codes()[static_cast<size_t>(checkpoint.identity().data.end)] == 3);
}

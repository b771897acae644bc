// Lanes, the shares of a batch: how many there are is a matter of the spec, and any number of threads works them off.
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/lane_count.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("lanes are by default a matter of model and batch, and any number of threads gives the same bits") {
  const TemporaryDirectory root;
  const auto spec = [](const std::string& model) {
    return "data: {kind: digits, train_limit: 120, valid_limit: 20}\nmodel: " + model +
           "\ntrain: {for: 4 steps, batch_size: 40}\neval: {every: 4 steps, samples: 0}\n";
  };
  int number = 0;
  for (const auto& [model, lanes] : std::vector<std::pair<std::string, std::string>>{
           {"{kind: made, hidden: [20]}", "2"},
           {"{kind: pixelcnn, channels: 4, blocks: 1}", "8"},
           {"{kind: sequence, width: 4, layers: 1, mixer: {kind: s4d}}", "8"},
           {"{kind: sequence, width: 4, layers: 1, mixer: {kind: gru}}", "8"},
           {"{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: ema, codes: 8}}", "2"}}) {
    INFO(model);
    std::string one;
    for (const int threads : {1, 3, 16}) {
      const std::string directory = root / (std::to_string(number) + "-" + std::to_string(threads));
      REQUIRE(train_in(directory, spec(model), threads).status == RunStatus::kFinished);
      CHECK(read(directory + "/resolved.yaml").find("lanes: " + lanes + "\n") != std::string::npos);
      const std::string bytes = read(directory + "/checkpoints/step-000000004.h5");
      if (threads == 1) one = bytes;
      else CHECK(bytes == one);
    }
    ++number;
  }
}

TEST_CASE("by rule lanes are a power of two from 2 to 8, and no more than examples") {
  CHECK(lanes_for(100, 50) == 2);
  CHECK(lanes_for(20, 50) == 2);
  CHECK(lanes_for(1, 50) == 1);
  CHECK(lanes_for(3, 1) == 2);
  CHECK(lanes_for(300, 50) == 4);
  CHECK(lanes_for(64, 8) == 8);
  CHECK(lanes_for(64, 4) == 8);
  CHECK(lanes_for(1 << 20, 1) == 8);
}

TEST_CASE("a run keeps the number of lanes that its resolved spec holds, whatever auto means today") {
  const TemporaryDirectory root;
  const std::string spec = spec_of("{kind: fvsbn}", 6);
  train_in(root / "run", spec, 1, 3, {"compute.lanes=3"});
  TrainRequest request;
  request.resume = root / "run";
  TrainObserver nobody;
  REQUIRE(train(request, nobody).status == RunStatus::kFinished);
  CHECK(Checkpoint((root / "run") + "/checkpoints/step-000000006.h5").experiment().lanes() == 3);
}

TEST_CASE("another lane count is another computation, and says so in the fingerprint") {
  const TemporaryDirectory root;
  const std::string spec = spec_of("{kind: fvsbn}", 3);
  train_in(root / "four", spec);
  train_in(root / "two", spec, 1, 0, {"compute.lanes=2"});
  const Checkpoint four((root / "four") + "/checkpoints/step-000000003.h5"),
      two((root / "two") + "/checkpoints/step-000000003.h5");
  CHECK(four.identity().fingerprint != two.identity().fingerprint);
}

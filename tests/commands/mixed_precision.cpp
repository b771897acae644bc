// compute.dtype: bf16. What is promised of every run holds with products in it, and a CPU without them says so.
#include <string>
#include <vector>

#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "kernels/isa.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

constexpr int kSteps = 9;
const std::string kLast = "/checkpoints/step-000000009.h5";
const std::vector<std::string> kBf16 = {"compute.dtype=bf16"};

std::vector<std::string> models() {
  return {"{kind: made, hidden: [40, 30]}",
          "{kind: fvsbn}",
          "{kind: eonade, hidden: [20, 15], orders: 2}",
          "{kind: sequence, width: 16, layers: 2, mlp: swiglu, dropout: 0.2, mixer: {kind: attention, heads: 2}}",
          "{kind: sequence, width: 16, layers: 2, mlp: gelu, mixer: {kind: mamba2, head: 8}}",
          "{kind: sequence, width: 8, layers: 1, mixer: {kind: lstm}}",
          "{kind: vqvae, width: 4, dim: 4, blocks: 1, quantizer: {kind: gumbel, codes: 8}}"};
}

}  // namespace

TEST_CASE("a run in bf16 has the same bits for any number of threads, and however often it was stopped") {
  const TemporaryDirectory root;
  if (!kernels::has_bf16_products()) {
    for (const std::string& model : models()) {
      const std::string words =
          refusal_of(ExitCode::kUsage, [&] { train_in(root / "refused", spec_of(model, kSteps), 1, 0, kBf16); });
      CHECK(words.find("compute.dtype bf16: this CPU has no products of it") != std::string::npos);
      CHECK(words.find("compute.dtype=f32") != std::string::npos);
    }
    return;
  }
  int number = 0;
  for (const std::string& model : models()) {
    INFO(model);
    const std::string at = root / std::to_string(number++), spec = spec_of(model, kSteps);
    REQUIRE(train_in(at + "f32", spec, 2).status == RunStatus::kFinished);
    REQUIRE(train_in(at + "one", spec, 1, 0, kBf16).status == RunStatus::kFinished);
    REQUIRE(train_in(at + "three", spec, 3, 0, kBf16).status == RunStatus::kFinished);
    REQUIRE(train_in(at + "stops", spec, 2, 2, kBf16).status == RunStatus::kStopped);
    REQUIRE(train_in(at + "stops", spec, 1, 3, kBf16).status == RunStatus::kStopped);
    REQUIRE(train_in(at + "stops", spec, 2, 0, kBf16).status == RunStatus::kFinished);
    const std::string one = read(at + "one" + kLast);
    CHECK(one == read(at + "three" + kLast));
    CHECK(one == read(at + "stops" + kLast));
    CHECK(one != read(at + "f32" + kLast));
    const auto nll = [&](const std::string& run) {
      EvalRequest request;
      request.selector = at + run;
      return evaluate_checkpoint(request).result.nll;
    };
    CHECK(nll("one") == Approx(nll("f32")).epsilon(0.02));
  }
}

TEST_CASE("small batches and blocks that are computed again leave the bits of a run in bf16 as they are") {
  if (!kernels::has_bf16_products()) return;  // the test above has seen that it is refused
  const TemporaryDirectory root;
  std::string spec = spec_of(
      "{kind: sequence, width: 16, layers: 2, mlp: swiglu, dropout: 0.2, mixer: {kind: attention, heads: 2}}", kSteps);
  spec.replace(spec.find("batch_size: 14"), 14, "batch_size: 16");
  REQUIRE(train_in(root / "whole", spec, 2, 0, kBf16).status == RunStatus::kFinished);
  const std::vector<std::string> less_memory = {"compute.dtype=bf16", "compute.recompute=blocks", "train.accumulate=2"};
  REQUIRE(train_in(root / "less", spec, 2, kSteps - 1, less_memory).status == RunStatus::kStopped);
  REQUIRE(train_in(root / "less", spec, 2, 0, kBf16).status == RunStatus::kFinished);
  CHECK(read((root / "whole") + kLast) == read((root / "less") + kLast));
}

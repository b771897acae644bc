// Blocks of sequence models: which mixer each has, and what is refused.
#include <algorithm>
#include <cmath>
#include <exception>
#include <string>
#include <vector>

#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kData = {.shape = {3, 3}, .alphabet = 2, .classes = 0};

// The paths of the parameters below "block_N/".
std::vector<std::string> paths_of(const Built& b, int block) {
  const std::string prefix = "block_" + std::to_string(block) + "/";
  std::vector<std::string> paths;
  for (const ParameterInfo& p : b.parameters->parameters())
    if (p.path.rfind(prefix, 0) == 0) paths.push_back(p.path.substr(prefix.size()));
  return paths;
}

}  // namespace

TEST_CASE("blocks have the mixers that are named, in turn, each with the options of its kind") {
  const auto only = [&](const std::vector<std::string>& mixer) {
    std::vector<std::string> options = {"width=6", "layers=1"};
    options.insert(options.end(), mixer.begin(), mixer.end());
    return build("sequence", kData, options);
  };
  const auto gru = paths_of(only({"mixer.kind=gru", "mixer.hidden=5"}), 1),
             linear = paths_of(only({"mixer.kind=linear_attention", "mixer.heads=2", "mixer.normaliser=norm"}), 1);
  REQUIRE(gru != linear);
  const Built b = build("sequence", kData,
                        {"width=6", "layers=5", "mixer.kind=gru", "mixer.hidden=5", "mixers=gru,gru,linear_attention",
                         "linear_attention.heads=2", "linear_attention.normaliser=norm"});
  for (const int block : {1, 2, 4, 5}) CHECK(paths_of(b, block) == gru);
  CHECK(paths_of(b, 3) == linear);
  CHECK(paths_of(b, 6).empty());
}

TEST_CASE("one kind in all places is the model of that kind alone") {
  const Built alone = build("sequence", kData, {"width=6", "layers=2", "mixer.kind=gru"}),
              named = build("sequence", kData, {"width=6", "layers=2", "mixer.kind=gru", "mixers=gru"});
  const Tensor &a = alone.parameters->flat(), &b = named.parameters->flat();
  REQUIRE(a.count() == b.count());
  CHECK(std::equal(a.data<float>(), a.data<float>() + a.count(), b.data<float>()));
}

TEST_CASE("mistakes in the mixers and places of a block name what works") {
  const auto message = [&](std::vector<std::string> options) -> std::string {
    options.insert(options.end(), {"width=6", "layers=2"});
    try {
      build("sequence", kData, options);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "no mistake";
  };
  CHECK_THAT(message({"mixer.kind=gru", "mixers=gru,gtu"}),
             Catch::Contains("one of attention") && Catch::Contains("'gtu'"));
  CHECK_THAT(message({"mixer.kind=s4d", "mixers=gru,lstm"}),
             Catch::Contains("s4d") && Catch::Contains("mixer.kind: gru"));
  CHECK_THAT(message({"mixer.kind=gru", "mixers=gru,lstm", "lstm.heads=2"}), Catch::Contains("model.lstm.heads"));
  CHECK_THAT(message({"mixer.kind=gru", "lstm.hidden=2"}), Catch::Contains("lstm"));
  CHECK_THAT(message({"mixer.kind=gru", "parallel=true"}), Catch::Contains("mlp: gelu"));
  CHECK_THAT(message({"mixer.kind=gru", "mlp=gelu", "parallel=true", "norm_place=branch"}),
             Catch::Contains("norm_place: pre"));
  CHECK_THAT(message({"mixer.kind=gru", "mlp=gelu", "parallel=true", "norm_place=post"}),
             Catch::Contains("norm_place: pre"));
  CHECK_THAT(message({"mixer.kind=gru", "mlp=gelu", "parallel=true", "residual=false"}),
             Catch::Contains("residual: true"));
  CHECK_THAT(message({"mixer.kind=gru", "mlp=gelu", "parallel=true", "input=direct"}),
             Catch::Contains("model.input=scalar"));
  CHECK_THAT(message({"mixer.kind=gru", "residual_scale=0"}), Catch::Contains("greater than 0"));
}

TEST_CASE("what residuals add is scaled, by depth so that the stream stays small") {
  const auto spread = [&](const std::string& scale) {
    const Built b =
        build("sequence", kData,
              {"width=8", "layers=4", "mixer.kind=gru", "mlp=gelu", "norm=none", "residual_scale=" + scale});
    Pass pass(*b.parameters);
    const Tensor logits =
        b.autoregressive().logits(pass, b.autoregressive().ordered(random_batch(kData, 16, 3)), 0).value();
    double square = 0;
    for (int64_t i = 0; i < logits.count(); ++i) square += std::pow(static_cast<double>(logits.data<float>()[i]), 2);
    return square;
  };
  CHECK(spread("depth") == Approx(spread("0.3535533905932738")));  // 1 / sqrt(2 * 4)
  CHECK(spread("depth") < 0.1 * spread("1"));
}

TEST_CASE("z_loss adds its weight times log(Z)^2 of every position, and the NLL beside it is the NLL") {
  for (const int64_t alphabet : {2, 3}) {
    const DataSpec data = {.shape = {5}, .alphabet = alphabet, .classes = 0};
    const std::vector<std::string> overrides = {"width=6", "layers=1", "mixer.kind=gru"};
    std::vector<std::string> with_z = overrides;
    with_z.emplace_back("z_loss=0.25");
    const Built plain = build("sequence", data, overrides), z = build("sequence", data, with_z);
    CHECK(plain.model->loss_is_nll());
    CHECK_FALSE(z.model->loss_is_nll());
    const Batch batch = random_batch(data, 4, 9);
    double nll = 0, squares = 0;
    for (const double each : z.model->nll(*z.parameters, batch)) nll += each;
    Pass pass(*z.parameters);
    const Tensor logits = z.autoregressive().logits(pass, z.autoregressive().ordered(batch), 0).value();
    const int64_t width = logits_per_step(alphabet);
    for (int64_t i = 0; i < 20; ++i) {
      double sum = alphabet == 2 ? 1 : 0;
      for (int64_t k = 0; k < width; ++k) sum += std::exp(static_cast<double>(logits.data<float>()[i * width + k]));
      squares += std::log(sum) * std::log(sum);
    }
    Pass training(*z.parameters), same(*plain.parameters);
    const TrainingLoss found = z.model->loss_and_nll(training, batch);
    CHECK(found.nll == Approx(nll).epsilon(1e-5));
    CHECK(static_cast<double>(found.loss.value().data<float>()[0]) == Approx(nll + 0.25 * squares).epsilon(1e-5));
    CHECK(static_cast<double>(plain.model->loss(same, batch).value().data<float>()[0]) == Approx(nll).epsilon(1e-5));
  }
}

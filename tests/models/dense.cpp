// What the battery does not ask of dense models, since it is of one of them.
#include <cmath>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a mixture of masks is the mean of its components' probabilities") {
  const DataSpec data{.shape = {2, 2}, .alphabet = 2, .classes = 0};
  const Built b = build("made", data, {"hidden=9", "masks=3", "order=random"});
  wander(b, data, 4);
  const AutoregressiveModel& model = b.autoregressive();
  REQUIRE(model.components() == 3);
  const Batch batch = random_batch(data, 4, 2);
  std::vector<double> mean(4);
  for (int64_t c = 0; c < 3; ++c) {
    const OrderedBatch steps = model.ordered(batch, c);
    Pass pass(*b.parameters);
    const Tensor nll = negative_log_likelihood(model.logits(pass, steps, c), steps.symbols).value();
    for (size_t i = 0; i < 4; ++i) mean[i] += std::exp(-static_cast<double>(nll.data<float>()[i])) / 3;
  }
  const std::vector<double> nll = model.nll(*b.parameters, batch);
  for (size_t i = 0; i < 4; ++i) CHECK(nll[i] == Approx(-std::log(mean[i])).epsilon(1e-6));
}

TEST_CASE("nade refuses data that is not binary, and says what takes it") {
  try {
    build("nade", {.shape = {4}, .alphabet = 3, .classes = 0}, {"hidden=4"});
    FAIL("built");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("made takes any alphabet") != std::string::npos);
  }
}

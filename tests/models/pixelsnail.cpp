// What sets a PixelSNAIL apart from the convolutional models, which the battery holds to all the rest.
#include <cmath>

#include "battery.hpp"
#include "catch.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a pixel of a PixelSNAIL sees every earlier pixel by one block of attention, farther than convolutions see") {
  // Of the first layer, the last pixel sees three rows and columns; with kernels of one tap, nothing sees farther.
  const DataSpec data{.shape = {9, 10}, .alphabet = 2, .classes = 0};
  const Built b = build("pixelsnail", data, {"channels=8", "blocks=1", "layers=1", "kernel=1", "keys=4", "values=4"});
  const Batch batch = random_batch(data, 4, 11);
  const auto logits = [&](const Batch& of) {
    Pass pass(*b.parameters);
    return b.autoregressive().logits(pass, b.autoregressive().ordered(of), 0).value();
  };
  const Tensor before = logits(batch);
  const int64_t d = data.positions();
  for (const int64_t flipped : {int64_t{0}, int64_t{9}, int64_t{35}, d - 2}) {
    const Tensor after = logits(changed(batch, data, flipped));
    INFO("pixel " << flipped);
    double last = 0;
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t t = 0; t <= flipped; ++t) CHECK(after.data<float>()[i * d + t] == before.data<float>()[i * d + t]);
      last +=
          static_cast<double>(std::abs(after.data<float>()[(i + 1) * d - 1] - before.data<float>()[(i + 1) * d - 1]));
    }
    CHECK(last > 1e-6);
  }
}

TEST_CASE("a key of a PixelSNAIL knows its own pixel: the next one sees it by attention alone") {
  // Everything of the first layer and of the features is silenced, so that x enters by the keys and values alone.
  const DataSpec data{.shape = {4, 5}, .alphabet = 2, .classes = 0};
  const Built b = build("pixelsnail", data, {"channels=8", "blocks=1", "layers=1", "kernel=1", "keys=4", "values=4"});
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
    Tensor w = b.parameters->value(i);
    if (b.parameters->parameters()[i].path.find("stem/weight") != std::string::npos) w.fill(0);
    if (b.parameters->parameters()[i].path.find("bias") != std::string::npos) w.fill(0.3f);  // no relu is dead
  }
  const Batch batch = random_batch(data, 4, 11);
  const auto logits = [&](const Batch& of) {
    Pass pass(*b.parameters);
    return b.autoregressive().logits(pass, b.autoregressive().ordered(of), 0).value();
  };
  const int64_t d = data.positions(), flipped = 7;
  const Tensor before = logits(batch), after = logits(changed(batch, data, flipped));
  double own = 0, next = 0;
  for (int64_t i = 0; i < 4; ++i) {
    own += static_cast<double>(std::abs(after.data<float>()[i * d + flipped] - before.data<float>()[i * d + flipped]));
    next += static_cast<double>(
        std::abs(after.data<float>()[i * d + flipped + 1] - before.data<float>()[i * d + flipped + 1]));
  }
  CHECK(own == 0);
  CHECK(next > 1e-6);
}

// The classes of sequences: -log p(y|x), its gradient, and what it is made of.
#include <cmath>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kGrey = {.shape = {3, 4}, .alphabet = 5, .classes = 3};

std::vector<std::vector<std::string>> variants() {
  return {{"width=6", "layers=2", "mixer.kind=gru"},
          {"width=6", "layers=1", "mixer.kind=lstm", "pool=last", "input=direct", "norm=none"},
          {"width=8", "layers=2", "mixer.kind=s4d", "mixer.states=4", "input=scalar", "order=random"}};
}

}  // namespace

TEST_CASE("a classifier's nll is -log softmax of its logits at the label, whatever it is evaluated with") {
  for (const auto& options : variants()) {
    const Built b = build("sequence_classifier", kGrey, options);
    REQUIRE(b.model->classifier());
    CHECK(b.model->autoregressive() == nullptr);
    const Batch batch = random_batch(kGrey, 7, 3);
    const std::vector<double> nll = b.model->nll(*b.parameters, batch);
    Pass pass(*b.parameters);
    const Tensor logits = b.model->classifier()->class_logits(pass, batch).value();
    REQUIRE(logits.shape() == Shape({7, 3}));
    for (int64_t i = 0; i < 7; ++i) {
      const float* row = logits.data<float>() + i * 3;
      double sum = 0;
      for (int k = 0; k < 3; ++k) sum += std::exp(static_cast<double>(row[k]));
      const double expected = std::log(sum) - static_cast<double>(row[batch.labels.data<int32_t>()[i]]);
      CHECK(nll[static_cast<size_t>(i)] == Approx(expected).margin(1e-5));
      CHECK(b.model->nll(*b.parameters, batch.slice(i, i + 1))[0] == Approx(expected).margin(1e-5));
    }
  }
}

TEST_CASE("a classifier learns a class that one pixel says") {
  for (const auto& options : variants()) {
    const Built b = build("sequence_classifier", kGrey, options);
    double first = 0, last = 0;
    for (int step = 0; step < 300; ++step) {
      Batch batch = random_batch(kGrey, 16, static_cast<uint64_t>(step));
      for (int64_t i = 0; i < 16; ++i) batch.labels.data<int32_t>()[i] = batch.symbols.data<int32_t>()[i * 12 + 10] / 2;
      Tensor gradients = b.parameters->like();
      Pass pass(*b.parameters, gradients, step, RandomStream(1, "classifier"));
      const Variable loss = b.model->loss(pass, batch);
      pass.backward(loss, 1.0f / 16);
      last = static_cast<double>(loss.value().data<float>()[0]) / 16;
      if (step == 0) first = last;
      float* w = b.parameters->flat().data<float>();
      for (int64_t i = 0; i < gradients.count(); ++i) w[i] -= 0.2f * gradients.data<float>()[i];
    }
    INFO(options.back() << ": " << first << " -> " << last);
    CHECK(last < 0.8 * first);
  }
}

TEST_CASE("data without labels is refused with the remedy") {
  CHECK_THROWS_WITH(build("sequence_classifier", {.shape = {2, 2}}, {"mixer.kind=gru"}),
                    Catch::Contains("needs labels") && Catch::Contains("model.kind=sequence"));
}

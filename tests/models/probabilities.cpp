// Of the battery: what every model says is a probability.
#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the probabilities of all images of a small grid sum to 1") {
  for (const Case& c : all_cases({2, 3})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    INFO(name_of(c));
    const bool joint = b.autoregressive().condition() == Condition::kJoint;
    double over_classes = 0;
    for (int64_t y = 0; y < std::max<int64_t>(1, c.data.classes); ++y) {
      double total = 0;
      for (const double nll : b.model->nll(*b.parameters, all_images(c.data, static_cast<int32_t>(y)))) {
        total += std::exp(-nll);
      }
      over_classes += total;
      const double expected =
          joint ? std::exp(b.autoregressive().log_class_prior(*b.parameters)[static_cast<size_t>(y)]) : 1.0;
      CHECK(total == Approx(expected).margin(2e-5));
    }
    if (joint) CHECK(over_classes == Approx(1.0).margin(2e-5));
  }
}

TEST_CASE("an alphabet of one is certain: an NLL of 0, and both views agree on the logits") {
  for (const Case& c : cases({.shape = {3, 3}, .alphabet = 1, .classes = 0})) {
    if (!takes(c.kind, c.data)) continue;
    const Built b = build(c.kind, c.data, c.overrides);
    const AutoregressiveModel& model = b.autoregressive();
    const Batch batch = random_batch(c.data, 2, 3);
    INFO(name_of(c));
    const std::vector<double> prior =
        model.condition() == Condition::kJoint ? model.log_class_prior(*b.parameters) : std::vector<double>{};
    const std::vector<double> nll = model.nll(*b.parameters, batch);
    for (size_t i = 0; i < nll.size(); ++i) {
      const double label = prior.empty() ? 0 : -prior[static_cast<size_t>(batch.labels.data<int32_t>()[i])];
      CHECK(nll[i] == Approx(label).margin(1e-5));
    }
    Tensor gradients = b.parameters->like();
    Pass training(*b.parameters, gradients, 0, RandomStream(1, "battery"));
    CHECK(std::isfinite(b.model->loss(training, batch).value().data<float>()[0]));
    for (int64_t component = 0; component < model.components(); ++component) {
      Pass pass(*b.parameters);
      const Tensor parallel = model.logits(pass, model.ordered(batch, component), component).value();
      const auto view = model.step_view(*b.parameters, component);
      const auto stepper = view->begin(2, batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr);
      const std::vector<int32_t> symbols(2, 0);
      for (int64_t t = 0; t < 9; ++t) {
        Tensor y({2, 1});
        stepper->logits(y.data<float>());
        for (int64_t i = 0; i < 2; ++i)
          CHECK(y.data<float>()[i] == Approx(parallel.data<float>()[i * 9 + t]).margin(2e-5));
        stepper->observe(symbols.data());
      }
    }
  }
}

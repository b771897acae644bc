// Models of labelled data: p(x|y) and p(x, y).
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a conditional model gives an image other logits for another label") {
  int conditional = 0;
  for (const Case& c : all_cases({3, 4})) {
    if (c.data.classes == 0) continue;
    ++conditional;
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 10);
    // One image with every label.
    Batch batch = random_batch(c.data, 3, 5);
    for (int64_t i = 1; i < 3; ++i) batch.symbols.rows(i, i + 1).copy_from(batch.symbols.rows(0, 1));
    batch.labels = Tensor::of({3}, std::vector<int32_t>{0, 1, 2});
    Pass pass(*b.parameters);
    const Tensor y = b.autoregressive().logits(pass, b.autoregressive().ordered(batch), 0).value();
    INFO(name_of(c));
    double earliest = 0, last = 0;  // the label is known before every position, the first one included
    const int64_t all = y.count() / 3, width = all / c.data.positions();
    for (int64_t i = 1; i < 3; ++i) {
      for (int64_t k = 0; k < width; ++k) {
        earliest += std::abs(y.data<float>()[i * all + k] - y.data<float>()[k]);
        last += std::abs(y.data<float>()[(i + 1) * all - 1 - k] - y.data<float>()[all - 1 - k]);
      }
    }
    CHECK(earliest > 1e-6);
    CHECK(last > 1e-6);
  }
  CHECK(conditional >= 8);
}

TEST_CASE("only a conditional model needs labels, and says so where the data has none") {
  for (const Case& c : all_cases({3, 3})) {
    INFO(name_of(c));
    if (c.data.classes == 0) {
      CHECK_FALSE(build(c.kind, c.data, c.overrides).autoregressive().conditional());
      continue;
    }
    DataSpec unlabelled = c.data;
    unlabelled.classes = 0;
    try {
      build(c.kind, unlabelled, c.overrides);
      FAIL("built");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::kUsage);
      CHECK(std::string(e.what()).find("needs labels") != std::string::npos);
    }
  }
}

TEST_CASE("a model without a condition steps the same whatever labels it is shown") {
  for (const Case& c : all_cases({3, 3})) {
    if (c.data.classes > 0) continue;
    INFO(name_of(c));
    const Built b = build(c.kind, c.data, c.overrides);
    const int64_t width = logits_per_step(c.data.alphabet);
    const std::vector<int32_t> labels = {2, 7}, symbols = {1, 0};
    for (int64_t component = 0; component < b.autoregressive().components(); ++component) {
      const auto view = b.autoregressive().step_view(*b.parameters, component);
      const auto plain = view->begin(2), labelled = view->begin(2, labels.data());
      std::vector<float> x(static_cast<size_t>(2 * width)), y(x.size());
      for (int64_t t = 0; t < c.data.positions(); ++t) {
        plain->logits(x.data());
        labelled->logits(y.data());
        CHECK(x == y);
        const std::vector<int32_t> next = c.data.alphabet > 1 ? symbols : std::vector<int32_t>{0, 0};
        plain->observe(next.data());
        labelled->observe(next.data());
      }
    }
  }
}

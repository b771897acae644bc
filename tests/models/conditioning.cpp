// Models of labelled data: p(x|y) and p(x, y).
#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
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
    Batch one = random_batch(c.data, 1, 5), other = one;
    other.labels = Tensor::of({1}, std::vector<int32_t>{(one.labels.data<int32_t>()[0] + 1) % 3});
    Pass first(*b.parameters), second(*b.parameters);
    const Tensor y0 = b.autoregressive().logits(first, one, 0).value();
    const Tensor y1 = b.autoregressive().logits(second, other, 0).value();
    INFO(name_of(c));
    double earliest = 0, last = 0;  // the label is known before every position, the first one included
    const int64_t width = y0.count() / c.data.positions();
    for (int64_t k = 0; k < width; ++k) {
      earliest += std::abs(y0.data<float>()[k] - y1.data<float>()[k]);
      last += std::abs(y0.data<float>()[y0.count() - 1 - k] - y1.data<float>()[y0.count() - 1 - k]);
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

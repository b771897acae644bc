#include "generate/cursor.hpp"

#include <vector>

#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("a cursor goes on by stretches and back, over any model, with the logits of its steps") {
  for (const Case& c : all_cases({4, 5})) {
    const Built b = build(c.kind, c.data, c.overrides);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t n = 2, d = c.data.positions(), width = logits_per_step(c.data.alphabet);
    const Batch batch = random_batch(c.data, n, 4);
    const int32_t* labels = batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr;
    std::vector<int32_t> symbols;
    for (const int64_t position : model.order()) {
      for (int64_t i = 0; i < n; ++i) symbols.push_back(batch.symbols.data<int32_t>()[i * d + position]);
    }
    const auto view = model.step_view(*b.parameters);
    std::vector<float> expected(static_cast<size_t>(d * n * width)), now(expected.size());
    const auto stepper = view->begin(n, labels);
    for (int64_t t = 0; t < d; ++t) {
      stepper->logits(expected.data() + t * n * width);
      stepper->observe(symbols.data() + t * n);
    }
    const auto same = [&](int64_t from, int64_t length) {
      return std::equal(now.begin(), now.begin() + length * n * width, expected.begin() + from * n * width);
    };
    INFO(name_of(c));
    Cursor cursor([&] { return view->begin(n, labels); }, n, c.data.alphabet);
    cursor.logits(now.data());
    cursor.logits(now.data());  // asked twice, it says the same
    CHECK(same(0, 1));
    cursor.extend(symbols.data(), 3, nullptr);
    cursor.mark();
    for (int way = 0; way < 3; ++way) {  // elsewhere, and back
      cursor.extend(symbols.data() + 2 * n, 4, way == 1 ? nullptr : now.data());
      cursor.rewind();
    }
    cursor.extend(symbols.data() + 3 * n, 2, nullptr);
    cursor.extend(symbols.data(), 3, nullptr);
    cursor.rewind(2);  // so much was right
    cursor.logits(now.data());
    CHECK(same(5, 1));
    cursor.rewind();
    cursor.extend(symbols.data() + 3 * n, 6, now.data());
    CHECK(same(4, 6));
    cursor.logits(now.data());
    CHECK(same(9, 1));
    cursor.mark();
    cursor.extend(symbols.data() + 9 * n, d - 10, nullptr);
    cursor.rewind();
    cursor.extend(symbols.data() + 9 * n, d - 10, now.data());
    CHECK(same(10, d - 10));
  }
}

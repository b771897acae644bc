// Pixel orders by themselves, and models that know every order.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"
#include "models/order.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::vector<int64_t> order_of(OrderKind kind, const Shape& shape, int64_t component = 0, uint64_t seed = 1) {
  ParameterArena arena;
  return make_order(kind, {.shape = shape, .alphabet = 2, .classes = 0}, Scope(arena, seed), component);
}

constexpr OrderKind kKinds[] = {OrderKind::kRaster, OrderKind::kSCurve, OrderKind::kHilbert, OrderKind::kRandom};

}  // namespace

TEST_CASE("every order visits every pixel of every rectangle once") {
  for (int64_t rows = 1; rows <= 13; ++rows) {
    for (int64_t columns = 1; columns <= 13; ++columns) {
      for (const OrderKind kind : kKinds) {
        std::vector<int64_t> order = order_of(kind, {rows, columns});
        std::sort(order.begin(), order.end());
        std::vector<int64_t> all(static_cast<size_t>(rows * columns));
        std::iota(all.begin(), all.end(), int64_t{0});
        INFO(rows << " x " << columns << ", order " << static_cast<int>(kind));
        CHECK(order == all);
      }
    }
  }
}

TEST_CASE("the curves never jump") {
  for (const Shape& shape : std::vector<Shape>{{28, 28}, {4, 8}, {16, 6}, {7, 10}, {9, 9}, {1, 5}, {12, 2}}) {
    for (const OrderKind kind : {OrderKind::kSCurve, OrderKind::kHilbert}) {
      const std::vector<int64_t> order = order_of(kind, shape);
      int diagonal = 0;
      for (size_t t = 1; t < order.size(); ++t) {
        const int64_t dy = std::abs(order[t] / shape[1] - order[t - 1] / shape[1]);
        const int64_t dx = std::abs(order[t] % shape[1] - order[t - 1] % shape[1]);
        INFO(to_string(shape) << ", order " << static_cast<int>(kind) << ", step " << t);
        CHECK(std::max(dx, dy) == 1);
        diagonal += dx + dy == 2 ? 1 : 0;
      }
      CHECK(diagonal <=
            (kind == OrderKind::kHilbert && shape[0] * shape[1] % 2 != 0 ? 1 : kind == OrderKind::kHilbert));
    }
  }
}

TEST_CASE("the orders of a small image are the known ones") {
  CHECK(order_of(OrderKind::kSCurve, {3, 3}) == std::vector<int64_t>{0, 1, 2, 5, 4, 3, 6, 7, 8});
  // The first Hilbert curve: a U.
  CHECK(order_of(OrderKind::kHilbert, {2, 2}) == std::vector<int64_t>{0, 2, 3, 1});
  const std::vector<int64_t> one = order_of(OrderKind::kRandom, {6, 6}), again = order_of(OrderKind::kRandom, {6, 6});
  CHECK(one == again);
  CHECK(one != order_of(OrderKind::kRandom, {6, 6}, 1));
  CHECK(one != order_of(OrderKind::kRandom, {6, 6}, 0, 2));
}

TEST_CASE("a curve through data that are not images is refused, and says which orders go") {
  for (const OrderKind kind : {OrderKind::kSCurve, OrderKind::kHilbert}) {
    try {
      order_of(kind, {36});
      FAIL("made");
    } catch (const Error& e) {
      CHECK(e.code() == ExitCode::kUsage);
      CHECK(std::string(e.what()).find("model.order=random") != std::string::npos);
    }
  }
  CHECK(order_of(OrderKind::kRaster, {36}).size() == 36);
  CHECK(order_of(OrderKind::kRandom, {36}).size() == 36);
}

TEST_CASE("eonade's training loss is on average its NLL averaged over all orders") {
  const DataSpec data{.shape = {2, 2}, .alphabet = 2, .classes = 0};
  const Built b = build("eonade", data, {"hidden=7,6", "activation=tanh"});
  const Batch batch = random_batch(data, 5, 9);
  // All 24 orders, each by the step view in that order.
  std::vector<int64_t> order = {0, 1, 2, 3};
  double expected = 0;
  do {
    const auto view = b.autoregressive().step_view_in(*b.parameters, order);
    const auto stepper = view->begin(5);
    for (const int64_t position : order) {
      float logits[5];
      int32_t symbols[5];
      stepper->logits(logits);
      for (int64_t i = 0; i < 5; ++i) {
        symbols[i] = batch.symbols.data<int32_t>()[i * 4 + position];
        const double s = symbols[i] != 0 ? -static_cast<double>(logits[i]) : static_cast<double>(logits[i]);
        expected += std::log1p(std::exp(s)) / 24;
      }
      stepper->observe(symbols);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  double total = 0, squares = 0;
  constexpr int kDraws = 4000;
  Tensor gradients = b.parameters->like();
  for (int k = 0; k < kDraws; ++k) {
    Pass pass(*b.parameters, gradients, k, RandomStream(5, "loss").at(static_cast<uint64_t>(k)));
    const double loss = static_cast<double>(b.model->loss(pass, batch).value().data<float>()[0]);
    total += loss;
    squares += loss * loss;
  }
  const double mean = total / kDraws, error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  INFO("mean " << mean << " +- " << error << ", exact " << expected);
  CHECK(std::abs(mean - expected) < 4 * error);
  CHECK(error < 0.01 * expected);  // small enough that the line above says something
}

TEST_CASE("eonade steps in any order, and the others say that they do not") {
  const DataSpec data{.shape = {3, 3}, .alphabet = 3, .classes = 0};
  const Built b = build("eonade", data, {"hidden=8", "orders=2"});
  REQUIRE(b.autoregressive().any_order());
  const Batch batch = random_batch(data, 2, 9);
  // In the order of a component it is the component.
  for (int64_t component = 0; component < 2; ++component) {
    const std::vector<int64_t>& order = b.autoregressive().order(component);
    Pass pass(*b.parameters);
    const Tensor parallel =
        b.autoregressive().logits(pass, b.autoregressive().ordered(batch, component), component).value();
    const auto view = b.autoregressive().step_view_in(*b.parameters, order);
    const auto stepper = view->begin(2);
    for (size_t t = 0; t < order.size(); ++t) {
      float y[6];
      stepper->logits(y);
      int32_t symbols[2];
      for (size_t i = 0; i < 2; ++i) {
        for (size_t k = 0; k < 3; ++k) {
          CHECK(y[i * 3 + k] == Approx(parallel.data<float>()[(i * 9 + t) * 3 + k]).margin(1e-5));
        }
        symbols[i] = batch.symbols.data<int32_t>()[i * 9 + static_cast<size_t>(order[t])];
      }
      stepper->observe(symbols);
    }
  }
  const Built made = build("made", data, {"hidden=8"});
  CHECK_FALSE(made.autoregressive().any_order());
  CHECK_THROWS_AS(made.autoregressive().step_view_in(*made.parameters, made.autoregressive().order()), Error);
}

TEST_CASE("more orders are another mixture of the same weights") {
  const DataSpec data{.shape = {3, 3}, .alphabet = 2, .classes = 0};
  const Built one = build("eonade", data, {"hidden=8"});
  const Built four = build("eonade", data, {"hidden=8", "orders=4"});
  REQUIRE(one.parameters->parameter_count() == four.parameters->parameter_count());
  for (const BufferInfo& buffer : four.parameters->buffers()) CHECK(buffer.kind == BufferKind::kOfEvaluation);
  CHECK(one.autoregressive().order(0) == four.autoregressive().order(0));
  CHECK(four.autoregressive().components() == 4);
}

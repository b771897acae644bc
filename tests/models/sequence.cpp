// What sequence models know of positions.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kImage = {.shape = {2, 3}, .alphabet = 3, .classes = 0};

bool any_length(std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), {"width=8", "layers=2"});
  return build("sequence", kImage, overrides).autoregressive().any_length();
}

std::string refusal(const DataSpec& data, const std::vector<std::string>& overrides) {
  try {
    build("sequence", data, overrides);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a sequence model takes any length unless a table says where positions are") {
  CHECK(any_length({"mixer.kind=gru"}));
  CHECK(any_length({"mixer.kind=gru", "positions=sinusoidal"}));
  CHECK_FALSE(any_length({"mixer.kind=gru", "positions=true"}));
  CHECK_FALSE(any_length({"mixer.kind=gru", "positions=rows_and_columns"}));
  for (const char* kind : {"none", "rope", "alibi", "t5", "shaw", "xl", "deberta"})
    CHECK(any_length({"mixer.kind=attention", "mixer.heads=2", std::string("mixer.position.kind=") + kind}));
  CHECK_FALSE(any_length({"mixer.kind=attention", "mixer.heads=2", "mixer.position.kind=rope_2d"}));
}

TEST_CASE("rows and columns are those of images, and who has none is told what goes with it") {
  const DataSpec text = {.shape = {6}, .alphabet = 3, .classes = 0};
  const std::vector<std::string> sizes = {"width=8", "layers=1"};
  auto with = [&sizes](std::vector<std::string> more) {
    more.insert(more.end(), sizes.begin(), sizes.end());
    return more;
  };
  CHECK_THAT(refusal(text, with({"mixer.kind=gru", "positions=rows_and_columns"})),
             Catch::Contains("model.positions=true"));
  CHECK_THAT(refusal(text, with({"mixer.kind=attention", "mixer.heads=2", "mixer.position.kind=rope_2d"})),
             Catch::Contains("position.kind=rope"));
  CHECK(refusal(kImage, with({"mixer.kind=gru", "positions=rows_and_columns"})).empty());
}

TEST_CASE("in a stream of two parts a position has the vector of its place, in either order and in both views") {
  DataSpec data = {.shape = {7}, .alphabet = 6, .classes = 0};
  data.parts = StreamParts{.words = 2, .picture = 3, .words_border = 4, .picture_border = 5};
  for (const char* positions : {"true", "sinusoidal"}) {
    const Built b =
        build("sequence", data, {"width=8", "layers=2", "mixer.kind=gru", std::string("positions=") + positions});
    const AutoregressiveModel& model = b.autoregressive();
    CHECK_FALSE(model.any_length());
    const std::vector<int32_t> rows = {4, 0, 1, 5, 2, 3, 2, 5, 2, 3, 2, 4, 0, 1, 1, 2, 3, 0, 1, 2, 3};
    const int64_t n = 3, d = 7;
    const Batch batch = {Tensor::of({n, d}, rows), {}};
    Pass pass(*b.parameters);
    const Tensor all = model.logits(pass, model.ordered(batch), 0).value();
    const auto view = model.step_view(*b.parameters);
    const auto stepper = view->begin(n);
    std::vector<float> logits(static_cast<size_t>(n * 6));
    for (int64_t t = 0; t < d; ++t) {
      if (t == 0) stepper->mark();
      if (t == 3) {  // back to the beginning, and over other symbols
        stepper->rewind();
        std::vector<int32_t> again;
        for (int64_t s = 0; s < 3; ++s) {
          for (int64_t i = 0; i < n; ++i) again.push_back(rows[static_cast<size_t>(i * d + s)]);
        }
        stepper->extend(again.data(), 3, nullptr);
      }
      stepper->logits(logits.data());
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t k = 0; k < 6; ++k)
          CHECK(logits[static_cast<size_t>(i * 6 + k)] == Approx(all.data<float>()[(i * d + t) * 6 + k]).margin(1e-4));
      }
      std::vector<int32_t> symbols;
      for (int64_t i = 0; i < n; ++i) symbols.push_back(rows[static_cast<size_t>(i * d + t)]);
      stepper->observe(symbols.data());
    }
  }
  // Without the parts the same weights say something else where the picture comes first, and nothing else elsewhere.
  DataSpec plain = data;
  plain.parts = std::nullopt;
  const std::vector<std::string> overrides = {"width=8", "layers=1", "mixer.kind=gru", "positions=true"};
  const Built with = build("sequence", data, overrides), without = build("sequence", plain, overrides);
  const std::vector<int32_t> words_first = {4, 0, 1, 5, 2, 3, 2}, picture_first = {5, 2, 3, 2, 4, 0, 1};
  const auto nll = [&](const Built& b, const std::vector<int32_t>& row) {
    return b.model->nll(*b.parameters, {Tensor::of({1, 7}, row), {}})[0];
  };
  CHECK(nll(with, words_first) == Approx(nll(without, words_first)).margin(1e-6));
  CHECK(std::abs(nll(with, picture_first) - nll(without, picture_first)) > 1e-3);
}

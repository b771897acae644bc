// Samples that somebody reads along, that end where a stop says, and that go on beyond what the model was made for.
#include <algorithm>

#include "catch.hpp"
#include "generate/sampler.hpp"
#include "generate/sliding.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kEight = {.shape = {8}, .alphabet = 3, .classes = 0};

std::vector<int32_t> row_of(const Tensor& symbols, int64_t i) {
  const int32_t* row = symbols.data<int32_t>() + i * symbols.dim(1);
  return {row, row + symbols.dim(1)};
}

}  // namespace

TEST_CASE("a sample ends with the first stop behind its prompt, and is the same up to there") {
  LanePool pool(2);
  const Built b = build("sequence", kEight, {"width=6", "layers=1", "mixer.kind=gru"});
  const Sampler sampler(b.autoregressive(), *b.parameters);
  const std::vector<int32_t> stop = {1, 2};
  SampleOptions options = {.count = 60, .seed = 4, .batch = 7, .length = 30};
  options.prefix = Tensor::of({1, 3}, std::vector<int32_t>{0, 1, 2});  // a stop in the prompt is none
  const Tensor whole = sampler.draw(options, pool);
  options.stop = stop;
  const Sampler::Labelled stopped = sampler.draw_labelled(options, pool);
  REQUIRE(stopped.lengths.size() == 60);
  int64_t ended = 0;
  for (int64_t i = 0; i < 60; ++i) {
    std::vector<int32_t> expected = row_of(whole, i);
    const auto found = std::search(expected.begin() + 3, expected.end(), stop.begin(), stop.end());
    const int64_t length = found == expected.end() ? 30 : found - expected.begin() + 2;
    CHECK(stopped.lengths[static_cast<size_t>(i)] == length);
    std::fill(expected.begin() + length, expected.end(), -1);
    CHECK(row_of(stopped.symbols, i) == expected);
    if (length < 30) ++ended;
  }
  CHECK(ended > 20);
  CHECK(sampler.draw_labelled({.count = 2, .seed = 4}, pool).lengths.empty());
}

TEST_CASE("a repetition penalty is of all that a sample already has, its prompt too") {
  LanePool pool(1);
  const Built b = build("sequence", kEight, {"width=6", "layers=1", "mixer.kind=gru"});
  SampleOptions options = {.count = 1, .seed = 6, .length = 40};
  options.prefix = Tensor::of({1, 1}, std::vector<int32_t>{2});
  options.law.repetition = 3;
  const Sampler sampler(b.autoregressive(), *b.parameters);
  const std::vector<int32_t> drawn = row_of(sampler.draw(options, pool), 0);
  const auto view = b.autoregressive().step_view(*b.parameters, 0);
  const auto stepper = view->begin(1);
  Uniforms uniforms(RandomStream(6, "sample").at(0));
  std::vector<bool> seen(3);
  std::vector<float> logits(3);
  for (size_t t = 0; t < drawn.size(); ++t) {
    stepper->logits(logits.data());
    const double u = uniforms.next();
    if (t > 0) CHECK(drawn[t] == draw_symbol(penalised(logits.data(), seen, options.law).data(), 3, u, options.law));
    seen[static_cast<size_t>(drawn[t])] = true;
    stepper->observe(&drawn[t]);
  }
  options.law.repetition = 1;
  CHECK(drawn != row_of(sampler.draw(options, pool), 0));
}

TEST_CASE("who reads along is told every symbol, the prompt's too, in order") {
  LanePool pool(2);
  const Built b = build("made", kEight, {"hidden=9"});
  SampleOptions options = {.count = 1, .seed = 9};
  options.prefix = Tensor::of({1, 2}, std::vector<int32_t>{2, 1});
  std::vector<int32_t> heard;
  options.drawn = [&heard](int64_t sample, int32_t symbol) {
    CHECK(sample == 0);
    heard.push_back(symbol);
  };
  const Tensor symbols = Sampler(b.autoregressive(), *b.parameters).draw(options, pool);
  CHECK(heard == row_of(symbols, 0));
}

TEST_CASE("beyond its length a model that slides sees the last half of it at least, and before it changes nothing") {
  const Built b = build("made", kEight, {"hidden=12"});
  const auto view = b.autoregressive().step_view(*b.parameters, 0);
  constexpr int64_t kCount = 2, kSteps = 30;
  SlidingStepper sliding(*view, kCount, nullptr, kEight);
  const RandomStream noise(3, "sliding");
  std::vector<std::vector<int32_t>> all;
  size_t first = 0;  // of the symbols that the model sees
  for (int64_t t = 0; t < kSteps; ++t) {
    if (all.size() - first == 8) first = all.size() - 4;
    std::vector<float> logits(kCount * 3), expected(logits.size());
    const auto fresh = view->begin(kCount, nullptr);
    for (size_t k = first; k < all.size(); ++k) {
      fresh->logits(expected.data());
      fresh->observe(all[k].data());
    }
    fresh->logits(expected.data());
    if (t % 3 != 1) {  // nobody need ask for logits
      sliding.logits(logits.data());
      CHECK(logits == expected);
    }
    all.push_back({static_cast<int32_t>(noise.below(static_cast<uint64_t>(2 * t), 3)),
                   static_cast<int32_t>(noise.below(static_cast<uint64_t>(2 * t + 1), 3))});
    sliding.observe(all.back().data());
  }
  LanePool pool(1);
  const Sampler sampler(b.autoregressive(), *b.parameters);
  SampleOptions options = {.count = 3, .seed = 5, .length = 20};
  CHECK_THROWS_WITH(sampler.draw(options, pool), Catch::Contains("--slide"));
  options.law.sliding = true;
  CHECK_FALSE(options.law.is_exact());
  CHECK(options.law.words() == "sliding: not the model's own");
  const Tensor beyond = sampler.draw(options, pool), within = sampler.draw({.count = 3, .seed = 5}, pool);
  CHECK(beyond.shape() == Shape{3, 20});
  for (int64_t i = 0; i < 3; ++i) {
    std::vector<int32_t> begins = row_of(beyond, i);
    begins.resize(8);
    CHECK(begins == row_of(within, i));
  }
}

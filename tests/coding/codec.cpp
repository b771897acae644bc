#include "coding/codec.hpp"

#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "catch.hpp"
#include "generate/streams.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("every model gives back what it coded, in as many bits as its likelihood says, for any number of threads") {
  LanePool one(1), three(3);
  for (const Case& c : all_cases({4, 4})) {
    const Built tiny = build(c.kind, c.data, c.overrides);
    wander(tiny, c.data, 3);
    INFO(name_of(c));
    const Codec codec(tiny.autoregressive(), *tiny.parameters);
    const Tensor symbols = random_batch(tiny.autoregressive().data(), 300, 5).symbols;
    const auto streams = codec.encode(symbols, one);
    CHECK(streams.size() == 2);
    CHECK(streams == codec.encode(symbols, three));
    CHECK(equal(codec.decode(spans(streams), 300, three), symbols));
    const std::vector<double> nll = codec.nll(symbols, one);
    const double nats = std::accumulate(nll.begin(), nll.end(), 0.0),
                 excess = bits_of(streams) - nats / std::numbers::ln2;
    // Of each stream: 40 bits, and of a mixture what its first images borrow for their components. It may be less than
    // nothing where a model gives a symbol less than 2^-24, which is the least that the coder gives.
    CHECK(excess < 2 * 60);
  }
}

TEST_CASE("one image, and a few, are coded too") {
  LanePool pool(1);
  for (const auto& options : {std::vector<std::string>{}, {"masks=3", "order=random"}}) {
    const Built tiny = build("made", {.shape = {2, 3}, .alphabet = 2, .classes = 0}, options);
    const Codec codec(tiny.autoregressive(), *tiny.parameters);
    for (const int64_t count : {1, 2, 3, 65, 255, 256}) {
      const Tensor symbols = random_batch(tiny.autoregressive().data(), count, 6).symbols;
      const auto streams = codec.encode(symbols, pool);
      CHECK(static_cast<int64_t>(streams.size()) == streams_of(count));
      CHECK(equal(codec.decode(spans(streams), count, pool), symbols));
    }
  }
}

TEST_CASE("256 grey levels come back, also through a mixture") {
  LanePool pool(2);
  for (const auto& options : {std::vector<std::string>{"hidden=8"}, {"hidden=8", "masks=2", "order=random"}}) {
    const Built tiny = build("made", {.shape = {3, 3}, .alphabet = 256, .classes = 0}, options);
    const Codec codec(tiny.autoregressive(), *tiny.parameters);
    const Tensor symbols = random_batch(tiny.autoregressive().data(), 40, 7).symbols;
    CHECK(equal(codec.decode(spans(codec.encode(symbols, pool)), 40, pool), symbols));
  }
}

TEST_CASE("bits-back codes the mixture, not one of its components") {
  // Two components that agree: choosing one freely must not cost the bit that naming it would.
  LanePool pool(1);
  const DataSpec data = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  const Built tiny = build("made", data, {"hidden=12", "masks=8", "order=random"});
  tiny.parameters->flat().fill(0.0f);
  const Codec codec(tiny.autoregressive(), *tiny.parameters);
  const Tensor symbols = random_batch(data, 200, 8).symbols;
  const double bits = bits_of(codec.encode(symbols, pool));
  CHECK(bits > 200 * 16);
  CHECK(bits < 200 * 16 + 48);  // 200 x 3 bits more, were the component named
}

TEST_CASE("streams of another model are refused, or decode to something else, and never crash") {
  LanePool pool(1);
  const DataSpec data = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  const Built tiny = build("made", data, {"hidden=12", "masks=3", "order=random"});
  const Built other = build("made", data, {"hidden=12", "masks=3", "order=raster"});
  const Codec codec(tiny.autoregressive(), *tiny.parameters), wrong(other.autoregressive(), *other.parameters);
  const auto streams = codec.encode(random_batch(data, 50, 9).symbols, pool);
  CHECK_THROWS_AS(wrong.decode(spans(streams), 50, pool), Error);
}

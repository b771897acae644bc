#include "coding/ans.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "catch.hpp"

using namespace mlrun;

namespace {

const RandomStream kPad(0, "pad");

std::vector<double> log_weights(std::vector<double> weights) {
  for (double& w : weights) w = std::log(w);
  return weights;
}

}  // namespace

TEST_CASE("a law fills 2^24 units, gives each symbol at least one, and finds each unit's symbol") {
  for (const auto& weights : {std::vector<double>{1, 1}, {1e-30, 1, 0}, {5, 1, 3, 1e-9, 7}, {0, 0, 1}}) {
    const IntegerLaw law = IntegerLaw::of_log_weights(log_weights(weights));
    double total = 0;
    for (const double w : weights) total += w;
    uint32_t end = 0;
    for (size_t s = 0; s < weights.size(); ++s) {
      const Interval i = law.interval(static_cast<int64_t>(s));
      CHECK(i.begin == end);
      CHECK(i.size >= 1);
      CHECK(i.size / static_cast<double>(IntegerLaw::kUnits) == Approx(weights[s] / total).margin(3e-7));
      CHECK(law.symbol_at(i.begin) == static_cast<int64_t>(s));
      CHECK(law.symbol_at(i.begin + i.size - 1) == static_cast<int64_t>(s));
      end = i.begin + i.size;
    }
    CHECK(end == IntegerLaw::kUnits);
  }
}

TEST_CASE("logits that are not numbers are refused, and infinitely certain ones are not") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(IntegerLaw::of_logits(&nan, 2), Error);
  CHECK_THROWS_AS(IntegerLaw::of_logits(&inf, 2), Error);
  const float never = -inf;
  CHECK(IntegerLaw::of_logits(&never, 2).interval(1).size == 1);
}

TEST_CASE("symbols come back in reverse, at the price of their information") {
  const RandomStream noise(3, "symbols");
  const IntegerLaw laws[] = {IntegerLaw::of_log_weights(log_weights({1, 9999})),
                             IntegerLaw::of_log_weights(log_weights({1, 2, 3, 4, 100})),
                             IntegerLaw::of_log_weights(log_weights({1, 1}))};
  const int64_t sizes[] = {2, 5, 2};
  AnsStack stack(kPad);
  std::vector<int64_t> symbols;
  double bits = 0;
  for (uint64_t i = 0; i < 30000; ++i) {
    // Draws from the law itself, so that rare symbols are rare.
    symbols.push_back(laws[i % 3].symbol_at(static_cast<uint32_t>(noise.below(i, IntegerLaw::kUnits))));
    const Interval interval = laws[i % 3].interval(symbols.back());
    REQUIRE(symbols.back() < sizes[i % 3]);
    bits -= std::log2(static_cast<double>(interval.size) / IntegerLaw::kUnits);
    stack.push(interval);
  }
  const std::vector<std::byte> bytes = stack.bytes();
  const double excess = static_cast<double>(bytes.size()) * 8 - bits;
  CHECK(excess > 0);
  CHECK(excess < 42);  // a state of 32 bits to begin with, and a rounding to bytes
  AnsStack read = AnsStack::from_bytes(bytes);
  for (size_t i = symbols.size(); i-- > 0;) REQUIRE(read.pop(laws[i % 3]) == symbols[i]);
  CHECK(read.is_back_at_the_start(kPad));
}

TEST_CASE("what is popped from an empty stack comes from the pad, and is pushed back to the start") {
  const IntegerLaw law = IntegerLaw::of_log_weights(log_weights({1, 2, 3, 4}));
  AnsStack stack(kPad);
  std::vector<int64_t> drawn;
  std::vector<int> counts(4);
  for (int i = 0; i < 4000; ++i) {
    drawn.push_back(stack.pop(law));
    ++counts[static_cast<size_t>(drawn.back())];
  }
  for (int s = 0; s < 4; ++s) CHECK(counts[static_cast<size_t>(s)] == Approx(400 * (s + 1)).margin(120));
  AnsStack read = AnsStack::from_bytes(stack.bytes());
  for (size_t i = drawn.size(); i-- > 0;) read.push(law.interval(drawn[i]));
  CHECK(read.is_back_at_the_start(kPad));
  CHECK_FALSE(read.is_back_at_the_start(RandomStream(1, "pad")));
}

TEST_CASE("a stream that is too short for its symbols is refused") {
  const IntegerLaw law = IntegerLaw::of_log_weights(log_weights({1, 1}));
  AnsStack stack(kPad);
  for (int i = 0; i < 1000; ++i) stack.push(law.interval(i % 2));
  std::vector<std::byte> bytes = stack.bytes();
  CHECK_THROWS_AS(AnsStack::from_bytes(std::span(bytes).first(4)), Error);
  AnsStack cut = AnsStack::from_bytes(std::span(bytes).last(bytes.size() - 4));
  CHECK_THROWS_AS(
      [&] {
        for (int i = 0; i < 1000; ++i) cut.pop(law);
      }(),
      Error);
}

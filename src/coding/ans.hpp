// Entropy coding by asymmetric numeral systems (Duda 2013), in the range form: a stack of bits onto which a symbol of
// probability p is pushed for -log2 p bits, and from which it is popped again. Popping symbols that were never pushed
// draws them from their law and consumes bits, which is what bits-back coding needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace mlrun {

// A symbol's share of the 2^24 units of a law.
struct Interval {
  uint32_t begin = 0, size = 0;
};

// A law over symbols 0 .. n - 1 in whole units of 2^-24. Every symbol has at least one unit, so that nothing is
// impossible to code; the rounding costs less than 2e-7 bits a symbol for an alphabet of 2, 3e-5 for one of 256.
class IntegerLaw {
 public:
  static constexpr int kBits = 24;
  static constexpr uint32_t kUnits = uint32_t{1} << kBits;

  // Up to a constant; -inf is allowed. Error(kDiverged) where there is a NaN, or nothing finite.
  static IntegerLaw of_log_weights(std::span<const double> log_weights);
  // From logits as in predictive.hpp.
  static IntegerLaw of_logits(const float* logits, int64_t alphabet);

  Interval interval(int64_t symbol) const;
  int64_t symbol_at(uint32_t unit) const;  // 0 .. kUnits - 1

 private:
  std::vector<uint32_t> ends_;
};

// The state is in [2^32, 2^64), and words of 32 bits lie below it.
class AnsStack {
 public:
  // A stack with `free_bits` random bits on it, which may be popped before anything is pushed. Where more is popped than
  // there is, random words of 32 bits are put below the bottom; a word of which only a few bits are used is stored whole.
  // All of these bits come from `pad`, which coder and decoder both know.
  explicit AnsStack(const RandomStream& pad, int free_bits = 0) : pad_(pad), state_(first_state(pad, free_bits)) {}
  // What bytes() gave. Popping below the bottom is Error(kData): such bytes do not come from the same laws.
  static AnsStack from_bytes(std::span<const std::byte> bytes);

  void push(Interval symbol);
  int64_t pop(const IntegerLaw& law);
  // Little-endian words from the bottom up, then the state without its leading zero bytes (5 to 8 bytes).
  std::vector<std::byte> bytes() const;
  // After everything pushed was popped, and what had been borrowed was pushed back: is this the stack a coder began
  // with?
  bool is_back_at_the_start(const RandomStream& pad, int free_bits = 0) const;

 private:
  AnsStack() = default;
  static constexpr uint64_t kLeast = uint64_t{1} << 32;
  static uint64_t first_state(const RandomStream& pad, int free_bits);
  uint32_t next_word();

  std::optional<RandomStream> pad_;
  uint64_t borrowed_ = 0, state_ = kLeast;
  std::vector<uint32_t> words_;
};

}  // namespace mlrun

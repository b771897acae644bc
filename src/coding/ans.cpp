#include "coding/ans.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"

namespace mlrun {
namespace {

uint32_t pad_word(const RandomStream& pad, uint64_t index) { return pad.block(index / 4)[index % 4]; }

}  // namespace

IntegerLaw IntegerLaw::of_log_weights(std::span<const double> log_weights) {
  const auto n = static_cast<uint32_t>(log_weights.size());
  require(n >= 1 && n <= kUnits / 2, "a law over {} symbols", log_weights.size());
  const auto largest = std::max_element(log_weights.begin(), log_weights.end());
  double total = 0;
  for (const double w : log_weights) total += std::exp(w - *largest);
  if (!std::isfinite(*largest) || !std::isfinite(total)) {
    fail(ExitCode::kDiverged, "the model's logits are not finite numbers: nothing can be coded with it");
  }
  IntegerLaw law;
  law.ends_.resize(n);
  const double free_units = static_cast<double>(kUnits - n);
  uint32_t used = 0;
  for (uint32_t i = 0; i < n; ++i) {
    law.ends_[i] = 1 + static_cast<uint32_t>(std::exp(log_weights[i] - *largest) / total * free_units);
    used += law.ends_[i];
  }
  law.ends_[static_cast<size_t>(largest - log_weights.begin())] += kUnits - used;  // what rounding down has left
  for (uint32_t i = 1; i < n; ++i) law.ends_[i] += law.ends_[i - 1];
  return law;
}

IntegerLaw IntegerLaw::of_logits(const float* logits, int64_t alphabet) {
  if (alphabet == 2) return of_log_weights(std::array<double, 2>{0.0, static_cast<double>(*logits)});
  const std::vector<double> log_weights(logits, logits + alphabet);
  return of_log_weights(log_weights);
}

Interval IntegerLaw::interval(int64_t symbol) const {
  const auto s = static_cast<size_t>(symbol);
  const uint32_t begin = s == 0 ? 0 : ends_[s - 1];
  return {begin, ends_[s] - begin};
}

int64_t IntegerLaw::symbol_at(uint32_t unit) const {
  return std::upper_bound(ends_.begin(), ends_.end(), unit) - ends_.begin();
}

AnsStack AnsStack::from_bytes(std::span<const std::byte> bytes) {
  AnsStack stack;
  if (bytes.size() < 5) fail(ExitCode::kData, "a stream of {} bytes, where at least 5 were expected", bytes.size());
  const size_t words = (bytes.size() - 5) / 4, state_bytes = bytes.size() - 4 * words;
  const auto little_endian = [&](size_t at, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<uint64_t>(bytes[at + i]);
    return value;
  };
  for (size_t i = 0; i < words; ++i) stack.words_.push_back(static_cast<uint32_t>(little_endian(4 * i, 4)));
  stack.state_ = little_endian(4 * words, state_bytes);
  if (stack.state_ < kLeast) fail(ExitCode::kData, "a stream whose last bytes are no state of a coder");
  return stack;
}

uint64_t AnsStack::first_state(const RandomStream& pad, int free_bits) {
  require(free_bits >= 0 && free_bits < 32, "{} free bits", free_bits);
  return free_bits == 0 ? kLeast : (kLeast << free_bits) + pad.block(~uint64_t{0})[0];
}

uint32_t AnsStack::next_word() {
  if (!words_.empty()) {
    const uint32_t word = words_.back();
    words_.pop_back();
    return word;
  }
  if (!pad_) fail(ExitCode::kData, "a stream that ends before all its symbols are read");
  return pad_word(*pad_, borrowed_++);
}

void AnsStack::push(Interval symbol) {
  const uint64_t size = symbol.size;
  if (size == IntegerLaw::kUnits) return;  // a certain symbol takes no bits
  if (state_ >= size << (64 - IntegerLaw::kBits)) {
    words_.push_back(static_cast<uint32_t>(state_));
    state_ >>= 32;
  }
  state_ = (state_ / size << IntegerLaw::kBits) + state_ % size + symbol.begin;
}

int64_t AnsStack::pop(const IntegerLaw& law) {
  const auto unit = static_cast<uint32_t>(state_ & (IntegerLaw::kUnits - 1));
  const int64_t symbol = law.symbol_at(unit);
  const Interval interval = law.interval(symbol);
  if (interval.size == IntegerLaw::kUnits) return symbol;
  state_ = interval.size * (state_ >> IntegerLaw::kBits) + unit - interval.begin;
  if (state_ < kLeast) state_ = state_ << 32 | next_word();
  return symbol;
}

std::vector<std::byte> AnsStack::bytes() const {
  std::vector<std::byte> out;
  for (const uint32_t word : words_) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::byte>(word >> shift & 0xff));
  }
  for (uint64_t rest = state_; rest > 0; rest >>= 8) out.push_back(static_cast<std::byte>(rest & 0xff));
  return out;
}

bool AnsStack::is_back_at_the_start(const RandomStream& pad, int free_bits) const {
  if (state_ != first_state(pad, free_bits)) return false;
  for (size_t i = 0; i < words_.size(); ++i) {  // the first word borrowed lies on top
    if (words_[words_.size() - 1 - i] != pad_word(pad, i)) return false;
  }
  return true;
}

}  // namespace mlrun

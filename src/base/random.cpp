#include "base/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace mlrun {
namespace {

uint64_t mix(uint64_t x) {  // SplitMix64's finaliser
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view purpose) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a of the purpose
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  key_ = mix(seed + 0x9e3779b97f4a7c15ull) ^ mix(hash);
}

RandomStream RandomStream::at(uint64_t index) const {
  RandomStream child = *this;
  child.index_ = mix(index_ + 0x9e3779b97f4a7c15ull) + index + 1;
  return child;
}

std::array<uint32_t, 4> RandomStream::block(uint64_t counter) const {
  const r123::Philox4x32::ctr_type c = {{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                                         static_cast<uint32_t>(index_), static_cast<uint32_t>(index_ >> 32)}};
  const r123::Philox4x32::key_type k = {{static_cast<uint32_t>(key_), static_cast<uint32_t>(key_ >> 32)}};
  const auto r = r123::Philox4x32()(c, k);
  return {r[0], r[1], r[2], r[3]};
}

double RandomStream::uniform(uint64_t counter) const {
  const auto b = block(counter);
  return static_cast<double>(((static_cast<uint64_t>(b[1]) << 32) | b[0]) >> 11) * 0x1p-53;
}

double RandomStream::normal(uint64_t counter) const {
  const auto b = block(counter);
  const double u = (static_cast<double>(b[0]) + 1.0) * 0x1p-32;  // (0, 1]
  const double v = static_cast<double>(b[1]) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

uint64_t RandomStream::below(uint64_t counter, uint64_t bound) const {
  const auto b = block(counter);
  const uint64_t x = (static_cast<uint64_t>(b[1]) << 32) | b[0];
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(x) * bound) >> 64);
}

std::vector<int64_t> RandomStream::permutation(int64_t count) const {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = count - 1; i > 0; --i) {
    const auto j = below(static_cast<uint64_t>(i), static_cast<uint64_t>(i) + 1);
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return order;
}

}  // namespace mlrun

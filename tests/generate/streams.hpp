// What tests of coders ask of streams and of what comes back.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun::test {

inline std::vector<std::span<const std::byte>> spans(const std::vector<std::vector<std::byte>>& streams) {
  return {streams.begin(), streams.end()};
}

inline bool equal(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

inline double bits_of(const std::vector<std::vector<std::byte>>& streams) {
  double bits = 0;
  for (const auto& stream : streams) bits += static_cast<double>(stream.size()) * 8;
  return bits;
}

}  // namespace mlrun::test

// Lossless coding of symbols whose laws are known at once: those of an image given its codes. No step view, no
// bits-back: each symbol costs its -log2 p.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/lanes.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// Logits of images begin .. end - 1: [n, positions] log-odds for an alphabet of 2, else [n, positions, alphabet].
// Called from any lane, with the same begin and end by coder and decoder, which must get the same bits.
using LogitsOfImages = std::function<Tensor(int64_t begin, int64_t end)>;

// Symbols s32 [count, positions] -> one block of bytes for each of the Codec::streams_of(count) streams.
std::vector<std::vector<std::byte>> encode_given(const Tensor& symbols, const LogitsOfImages& logits, int64_t alphabet,
                                                 LanePool& pool);
// Error(kData): the streams are not what these laws code.
Tensor decode_given(std::span<const std::span<const std::byte>> streams, int64_t count, int64_t positions,
                    const LogitsOfImages& logits, int64_t alphabet, LanePool& pool);

}  // namespace mlrun

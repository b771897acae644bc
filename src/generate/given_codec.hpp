// Lossless coding of symbols by steppers that are made image by image: those of an image given its codes. No bits-back:
// each symbol costs its -log2 p.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/lanes.hpp"
#include "models/model.hpp"

namespace mlrun {

// A stepper of images begin .. end - 1, which visits their positions in the order they are stored in. Called from any
// lane, with the same begin and end by coder and decoder, which must get the same bits.
using StepperOfImages = std::function<std::unique_ptr<Stepper>(int64_t begin, int64_t end)>;

// Symbols s32 [count, positions] -> one block of bytes for each of the Codec::streams_of(count) streams.
std::vector<std::vector<std::byte>> encode_given(const Tensor& symbols, const StepperOfImages& steppers,
                                                 int64_t alphabet, LanePool& pool);
// Error(kData): the streams are not what these laws code.
Tensor decode_given(std::span<const std::span<const std::byte>> streams, int64_t count, int64_t positions,
                    const StepperOfImages& steppers, int64_t alphabet, LanePool& pool);

}  // namespace mlrun

// From grey to binary: what becomes of a pixel of 0 .. 255.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/random.hpp"
#include "config/reader.hpp"
#include "data/content.hpp"

namespace mlrun {

enum class Binarization {
  kStatic,     // drawn once, for everybody
  kDynamic,    // Bernoulli(grey / 255): redrawn every epoch for training; valid and test drawn once from the seed
  kThreshold,  // grey >= 128
  kNone,       // left grey: alphabet 256
};
const char* name_of(Binarization binarization);
Binarization read_binarization(config::Reader& spec);  // the field `binarization`, default static

inline constexpr int32_t kThresholdGrey = 128;

// Bernoulli(grey / 255) in place, exactly in units of 2^-32: a pure function of (stream, row, position), so neither the
// cutting of batches nor threads matter. 0 and 255 are certain.
void draw_bits(const RandomStream& stream, int64_t row, std::span<int32_t> symbols);

// The content with every grey pixel made binary, once for all; labels stay.
DataContent thresholded(const DataContent& grey);
DataContent drawn(const DataContent& grey, const RandomStream& stream);  // split s by stream.at(s)
SymbolTable drawn(const SymbolTable& grey, const RandomStream& stream);

}  // namespace mlrun

// Portable grey maps (PGM), plain (P2) and binary (P5).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/image.hpp"

namespace mlrun::io {

// Grey levels are scaled to 0 .. 255. Damaged, or more than `max_pixels` pixels: Error(kData) naming `name`. Of several
// images in one file the first.
Image decode_pgm(std::span<const std::byte> bytes, const std::string& name, int64_t max_pixels = 1 << 26);

}  // namespace mlrun::io

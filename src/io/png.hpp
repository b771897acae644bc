// PNG by libpng.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/bytes.hpp"
#include "io/image.hpp"

namespace mlrun::io {

Bytes encode_png(const Image& image);                         // 8-bit grey
void write_png(const std::string& path, const Image& image);  // atomically; Error(kDisk)

// Any PNG as 8-bit grey: colours become their luminance, transparency is laid over black. Damaged, or more than
// `max_pixels` pixels: Error(kData) naming `name`.
Image decode_png(std::span<const std::byte> bytes, const std::string& name, int64_t max_pixels = 1 << 26);
Image read_png(const std::string& path, int64_t max_pixels = 1 << 26);

}  // namespace mlrun::io

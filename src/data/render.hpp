// Symbols as a picture.
#pragma once

#include <cstdint>
#include <span>

#include "io/image.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

// Symbols [positions] of image data: symbol 0 black, the last symbol of the alphabet white.
io::Image render_symbols(std::span<const int32_t> symbols, const DataSpec& data);

}  // namespace mlrun

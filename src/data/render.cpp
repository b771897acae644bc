#include "data/render.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {

io::Image render_symbols(std::span<const int32_t> symbols, const DataSpec& data) {
  require(data.is_image(), "rendering symbols of shape {} as an image", to_string(data.shape));
  require(static_cast<int64_t>(symbols.size()) == data.positions(), "rendering {} symbols as shape {}", symbols.size(),
          to_string(data.shape));
  io::Image image = io::Image::filled(static_cast<int>(data.shape[1]), static_cast<int>(data.shape[0]), 0);
  const int64_t top = std::max<int64_t>(data.alphabet - 1, 1);
  std::transform(symbols.begin(), symbols.end(), image.pixels.begin(),
                 [&](int32_t s) { return static_cast<uint8_t>(std::clamp<int64_t>(s, 0, top) * 255 / top); });
  return image;
}

}  // namespace mlrun

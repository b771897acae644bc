#include "io/image.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun::io {

Image Image::filled(int width, int height, uint8_t value) {
  require(width >= 0 && height >= 0, "an image of {} x {} pixels", width, height);
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height), value)};
}

Image grid(const std::vector<Image>& images, int columns, int padding, uint8_t background) {
  require(!images.empty() && columns > 0 && padding >= 0, "a sheet of {} images in {} columns, padding {}",
          images.size(), columns, padding);
  const int count = static_cast<int>(images.size());
  const int across = std::min(columns, count), down = (count + across - 1) / across;
  const int width = images[0].width, height = images[0].height;
  Image sheet = Image::filled(across * (width + padding) + padding, down * (height + padding) + padding, background);
  for (int i = 0; i < count; ++i) {
    const Image& image = images[static_cast<size_t>(i)];
    require(image.width == width && image.height == height, "images of {} x {} and {} x {} on one sheet", width, height,
            image.width, image.height);
    const int left = padding + (i % across) * (width + padding), top = padding + (i / across) * (height + padding);
    for (int y = 0; y < height; ++y) {
      const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(y) * width;
      std::copy(row, row + width, &sheet.at(left, top + y));
    }
  }
  return sheet;
}

Image scaled(const Image& image, int factor) {
  require(factor >= 1, "an image scaled by {}", factor);
  Image large = Image::filled(image.width * factor, image.height * factor, 0);
  for (int y = 0; y < large.height; ++y) {
    for (int x = 0; x < large.width; ++x) large.at(x, y) = image.at(x / factor, y / factor);
  }
  return large;
}

}  // namespace mlrun::io

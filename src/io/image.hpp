// Grey pictures of 8 bits per pixel, and sheets of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mlrun::io {

struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;  // height x width, row-major; 0 black, 255 white

  static Image filled(int width, int height, uint8_t value);
  uint8_t& at(int x, int y) {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
  uint8_t at(int x, int y) const {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

// Images of one size, row by row, `columns` to a row, `padding` pixels of `background` between and around them.
Image grid(const std::vector<Image>& images, int columns, int padding, uint8_t background = 128);
Image scaled(const Image& image, int factor);  // every pixel becomes factor x factor pixels

}  // namespace mlrun::io

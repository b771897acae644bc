#include "generate/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlrun {

std::vector<io::Image> images_of(const Tensor& symbols, const DataSpec& data) {
  const int64_t rows = data.shape[0], columns = data.shape[1], d = rows * columns;
  std::vector<io::Image> images;
  for (int64_t i = 0; i < symbols.dim(0); ++i) {
    io::Image image = io::Image::filled(static_cast<int>(columns), static_cast<int>(rows), 0);
    const int32_t* s = symbols.data<int32_t>() + i * d;
    std::transform(s, s + d, image.pixels.begin(),
                   [&](int32_t v) { return static_cast<uint8_t>(v * 255 / (data.alphabet - 1)); });
    images.push_back(std::move(image));
  }
  return images;
}

io::Image sheet_of(const std::vector<io::Image>& images, int columns, int scale) {
  const int across = columns > 0 ? columns : static_cast<int>(std::ceil(std::sqrt(static_cast<double>(images.size()))));
  return io::scaled(io::grid(images, across, 2), scale);
}

std::string text_of(const Tensor& symbols) {
  std::string text;
  for (int64_t i = 0; i < symbols.dim(0); ++i) {
    const int32_t* s = symbols.data<int32_t>() + i * symbols.dim(1);
    for (int64_t j = 0; j < symbols.dim(1); ++j) text += fmt::format("{}{}", j ? " " : "", s[j]);
    text += '\n';
  }
  return text;
}

}  // namespace mlrun

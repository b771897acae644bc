#include "models/autoregressive/pixel_input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {

void require_images(const DataSpec& data, const std::string& kind) {
  if (data.is_image()) return;
  fail(ExitCode::kUsage,
       "model.kind {} convolves images of rows and columns, and this data has rows of {} symbols\n"
       "  made, nade and fvsbn take any rows",
       kind, data.positions());
}

PixelInput read_pixel_input(config::Reader& reader) {
  return reader.one_of<PixelInput>(
      "input", {{"auto", PixelInput::kAuto}, {"scalar", PixelInput::kScalar}, {"one_hot", PixelInput::kOneHot}},
      {.help = "pixels as one number s / (alphabet - 1), or one-hot; auto: a number if binary or of 256 levels",
       .fallback = "auto"});
}

PixelEncoding::PixelEncoding(PixelInput input, const DataSpec& data)
    : height_(data.shape.at(0)),
      width_(data.shape.at(1)),
      alphabet_(data.alphabet),
      one_hot_(input == PixelInput::kOneHot ||
               (input == PixelInput::kAuto && data.alphabet != 2 && data.alphabet != 256)) {}

Variable PixelEncoding::convolved(Pass& pass, const Conv& layer, const Tensor& symbols, const Variable& add) const {
  if (one_hot_) return layer.of_symbols(pass, symbols.reshape({symbols.dim(0), height_, width_}), add);
  return layer(pass, images(symbols), {.relu = false, .add = add});
}

Tensor PixelEncoding::images(const Tensor& symbols) const {
  const int64_t n = symbols.dim(0), c = channels();
  Tensor x({n, height_, width_, c});
  for (int64_t i = 0; i < symbols.count(); ++i) pixel(symbols.data<int32_t>()[i], x.data<float>() + i * c);
  return x;
}

std::string PixelEncoding::in_words() const {
  return one_hot_ ? fmt::format("one-hot of {}", alphabet_)
                  : fmt::format("one channel, symbol / {}", std::max<int64_t>(alphabet_ - 1, 1));
}

void PixelEncoding::pixel(int32_t symbol, float* x) const {
  if (one_hot_) {
    std::fill(x, x + alphabet_, 0.0f);
    x[symbol] = 1.0f;
  } else {
    x[0] = static_cast<float>(symbol) / static_cast<float>(std::max<int64_t>(alphabet_ - 1, 1));
  }
}

}  // namespace mlrun

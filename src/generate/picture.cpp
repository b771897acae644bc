#include "generate/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "base/error.hpp"
#include "data/render.hpp"

namespace mlrun {

std::vector<io::Image> images_of(const Tensor& symbols, const DataSpec& data) {
  const auto positions = static_cast<size_t>(data.positions());
  std::vector<io::Image> images;
  for (size_t i = 0; i < static_cast<size_t>(symbols.dim(0)); ++i) {
    images.push_back(render_symbols({symbols.data<int32_t>() + i * positions, positions}, data));
  }
  return images;
}

std::vector<io::Image> completion_rows(const std::vector<io::Image>& originals, const std::vector<uint8_t>& known,
                                       const std::vector<io::Image>& completions) {
  constexpr uint8_t kUnknown = 96;  // neither a symbol of binary data nor the sheet's own grey
  const auto per_image = static_cast<std::ptrdiff_t>(completions.size() / originals.size());
  std::vector<io::Image> rows;
  for (size_t i = 0; i < originals.size(); ++i) {
    rows.push_back(originals[i]);
    io::Image part = originals[i];
    for (size_t p = 0; p < known.size(); ++p) {
      if (known[p] == 0) part.pixels[p] = kUnknown;
    }
    rows.push_back(std::move(part));
    const auto first = completions.begin() + static_cast<std::ptrdiff_t>(i) * per_image;
    rows.insert(rows.end(), first, first + per_image);
  }
  return rows;
}

namespace {

constexpr int kGap = 2;  // pixels between pictures

}  // namespace

int64_t columns_of_sheet(int64_t count, int64_t columns) {
  return columns > 0 ? columns : static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
}

void require_sheet(int64_t count, int64_t columns, int64_t width, int64_t height, int64_t scale) {
  constexpr double kMost = 0x1p28;
  const int64_t across = std::min(columns_of_sheet(count, columns), count), down = (count + across - 1) / across;
  const double wide = static_cast<double>((across * (width + kGap) + kGap) * scale);
  const double high = static_cast<double>((down * (height + kGap) + kGap) * scale);
  if (wide * high <= kMost) return;
  fail(ExitCode::kUsage,
       "a sheet of {} pictures would have {:.0f} x {:.0f} pixels; at most {:.0f} are possible\n"
       "  fewer of them, or a smaller --scale; or the numbers themselves   -o samples.h5",
       count, wide, high, kMost);
}

io::Image sheet_of(const std::vector<io::Image>& images, int columns, int scale) {
  const auto count = static_cast<int64_t>(images.size());
  if (count > 0) require_sheet(count, columns, images[0].width, images[0].height, scale);
  return io::scaled(io::grid(images, static_cast<int>(columns_of_sheet(count, columns)), kGap), scale);
}

std::optional<io::Image> picture_of_sheet(const io::Image& sheet, int width, int height) {
  const int wide = width + 2 * kGap, high = height + 2 * kGap, scale = sheet.width / wide;
  if (scale < 1 || sheet.width != scale * wide || sheet.height != scale * high) return std::nullopt;
  io::Image picture = io::Image::filled(width, height, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) picture.at(x, y) = sheet.at(scale * (x + kGap), scale * (y + kGap));
  }
  return picture;
}

std::string text_of(const Tensor& symbols, const Vocabulary& vocabulary, const std::vector<int64_t>& lengths) {
  const auto length = static_cast<size_t>(symbols.dim(1));
  std::string text;
  for (size_t i = 0; i < static_cast<size_t>(symbols.dim(0)); ++i) {
    if (i > 0) text += std::string(32, '-') + '\n';
    const size_t own = lengths.empty() ? length : static_cast<size_t>(lengths[i]);
    text += vocabulary.text({symbols.data<int32_t>() + i * length, own}) + '\n';
  }
  return text;
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

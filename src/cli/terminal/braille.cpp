#include "cli/terminal/braille.hpp"

#include <algorithm>
#include <array>

namespace mlrun::cli {
namespace {

constexpr int kGap = 2;  // blank columns between pictures

bool lit(const io::Image& image, int x, int y, int threshold) {
  return x < image.width && y < image.height && image.at(x, y) >= threshold;
}

// U+2800 plus one bit per dot. Braille grew from 6 to 8 dots, so the lowest row has the two highest bits.
std::string braille_cell(const io::Image& image, int left, int top, int threshold) {
  constexpr std::array<std::array<unsigned, 2>, 4> kDots = {{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
  unsigned dots = 0;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 2; ++x)
      if (lit(image, left + x, top + y, threshold)) dots |= kDots[static_cast<size_t>(y)][static_cast<size_t>(x)];
  return {'\xe2', static_cast<char>(0xa0 | (dots >> 6)), static_cast<char>(0x80 | (dots & 0x3f))};
}

char ascii_cell(const io::Image& image, int x, int top, int threshold) {
  const bool upper = lit(image, x, top, threshold), lower = lit(image, x, top + 1, threshold);
  return upper ? (lower ? '#' : '\'') : (lower ? '.' : ' ');
}

// Means of factor x factor pixels; what is left over at the right and below counts as black.
io::Image shrunk(const io::Image& image, int factor) {
  io::Image small;
  small.width = (image.width + factor - 1) / factor;
  small.height = (image.height + factor - 1) / factor;
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      int sum = 0;
      for (int v = y * factor; v < std::min((y + 1) * factor, image.height); ++v)
        for (int u = x * factor; u < std::min((x + 1) * factor, image.width); ++u) sum += image.at(u, v);
      small.pixels.push_back(static_cast<uint8_t>(sum / (factor * factor)));
    }
  }
  return small;
}

}  // namespace

int picture_columns(int image_width, Glyphs glyphs) {
  return glyphs == Glyphs::kBraille ? (image_width + 1) / 2 : image_width;
}

std::vector<std::string> picture(const io::Image& image, Glyphs glyphs, int threshold) {
  std::vector<std::string> lines;
  const int cell_height = glyphs == Glyphs::kBraille ? 4 : 2;
  for (int y = 0; y < image.height; y += cell_height) {
    std::string& line = lines.emplace_back();
    if (glyphs == Glyphs::kBraille) {
      for (int x = 0; x < image.width; x += 2) line += braille_cell(image, x, y, threshold);
    } else {
      for (int x = 0; x < image.width; ++x) line += ascii_cell(image, x, y, threshold);
    }
  }
  return lines;
}

std::string pictures(const std::vector<io::Image>& images, int width, Glyphs glyphs, int per_row, int rows) {
  if (images.empty()) return {};
  int widest = 1;
  for (const io::Image& image : images) widest = std::max(widest, image.width);
  width = std::max(width, 1);
  const int wide = picture_columns(widest, glyphs);
  const int factor = (wide + width - 1) / width;
  const int columns = picture_columns((widest + factor - 1) / factor, glyphs);
  int fit = std::max(1, (width + kGap) / (columns + kGap));
  if (per_row > 0) fit = std::min(fit, per_row);

  std::string text;
  int row = 0;
  for (size_t first = 0; first < images.size() && (rows == 0 || row < rows); first += static_cast<size_t>(fit), ++row) {
    const size_t end = std::min(images.size(), first + static_cast<size_t>(fit));
    std::vector<std::string> lines;
    for (size_t i = first; i < end; ++i) {
      const io::Image image = factor == 1 ? images[i] : shrunk(images[i], factor);
      const std::vector<std::string> part = picture(image, glyphs);
      // Smaller pictures are filled up to the place of the largest, so that columns stay columns.
      const int before = static_cast<int>(i - first) * (columns + kGap);
      lines.resize(std::max(lines.size(), part.size()), std::string(static_cast<size_t>(before), ' '));
      const bool last = i + 1 == end;
      const int after = last ? 0 : columns - picture_columns(image.width, glyphs) + kGap;
      for (size_t y = 0; y < lines.size(); ++y) {
        if (y < part.size()) lines[y] += part[y] + std::string(static_cast<size_t>(after), ' ');
        else if (!last) lines[y] += std::string(static_cast<size_t>(columns + kGap), ' ');
      }
    }
    if (row > 0) text += '\n';
    for (std::string& line : lines) {
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
  }
  return text;
}

}  // namespace mlrun::cli

#include "coding/image_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "data/idx.hpp"
#include "data/render.hpp"
#include "data/text_table.hpp"
#include "io/file.hpp"
#include "io/gzip.hpp"
#include "io/png.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;

int64_t rows_wanted(int64_t rows, std::optional<int64_t> limit) { return std::min(rows, limit.value_or(rows)); }

void require_width(const std::string& path, const Shape& found, const DataSpec& data) {
  if (count_of(found) == data.positions()) return;
  fail(ExitCode::kData, "{}: images of {}, and the model is of images of {}", path, to_string(found),
       to_string(data.shape));
}

io::Image render(const ImageFile& file, int64_t alphabet) {
  const DataSpec data = {.shape = file.shape, .alphabet = alphabet, .classes = 0};
  return render_symbols({file.symbols.data<int32_t>(), static_cast<size_t>(file.symbols.count())}, data);
}

io::Bytes print_text(const ImageFile& file) {
  const int64_t rows = file.symbols.dim(0), width = file.symbols.dim(1);
  const bool blank_at_end = file.format == ImageFormat::kTextTrailingBlank;
  std::string text;
  text.reserve(static_cast<size_t>(file.symbols.count()) * 2 + static_cast<size_t>(rows));
  const int32_t* symbol = file.symbols.data<int32_t>();
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < width; ++j, ++symbol) {
      if (*symbol < 10) text += static_cast<char>('0' + *symbol);
      else text += std::to_string(*symbol);
      if (j + 1 < width || blank_at_end) text += ' ';
    }
    text += '\n';
  }
  io::Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

io::Bytes print_idx(const ImageFile& file) {
  const auto count = static_cast<size_t>(file.symbols.count());
  io::Bytes bytes(16 + count);
  const std::array<int64_t, 4> header = {0x803, file.symbols.dim(0), file.shape[0], file.shape[1]};
  std::byte* out = bytes.data();
  for (const int64_t number : header) {
    for (int shift = 24; shift >= 0; shift -= 8) *out++ = static_cast<std::byte>(number >> shift & 0xff);
  }
  const int32_t* symbol = file.symbols.data<int32_t>();
  for (size_t i = 0; i < count; ++i) *out++ = static_cast<std::byte>(symbol[i]);
  return bytes;
}

ImageFile read_text(std::string_view text, const std::string& path, const DataSpec& data,
                    std::optional<int64_t> limit) {
  const SymbolTable table = parse_text_table(text, path, static_cast<int32_t>(data.alphabet - 1));
  require_width(path, {table.width()}, data);
  const int64_t rows = rows_wanted(table.rows(), limit);
  ImageFile file;
  file.format = text.substr(0, text.find('\n')).ends_with(' ') ? ImageFormat::kTextTrailingBlank : ImageFormat::kText;
  file.shape = data.shape;
  file.symbols = Tensor({rows, table.width()}, DType::kS32);
  for (int64_t i = 0; i < rows; ++i) table.unpack(i, file.symbols.data<int32_t>() + i * table.width());
  const io::Bytes printed = print_text(file);
  const std::string_view expected = printed.text();
  const bool same = rows < table.rows() ? text.starts_with(expected) : text == expected;
  if (!same) {
    const size_t at = static_cast<size_t>(
        std::mismatch(text.begin(), text.end(), expected.begin(), expected.end()).first - text.begin());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    fail(ExitCode::kData,
         "{}:{}: byte {} would not come back: the numbers are readable, but written otherwise than\n"
         "  1 0 0 1   whole numbers, one blank between them, a newline behind every row\n"
         "  bring the file into this form first, or compress the split that holds it   split:test",
         path, line, at);
  }
  return file;
}

ImageFile read_idx_images(io::Bytes bytes, const std::string& path, const DataSpec& data,
                          std::optional<int64_t> limit) {
  const IdxArray array = parse_idx(std::move(bytes), path, 3);
  ImageFile file;
  file.format = ImageFormat::kIdx;
  file.shape = {array.shape[1], array.shape[2]};
  require_width(path, file.shape, data);
  const int64_t rows = rows_wanted(array.shape[0], limit), width = data.positions();
  file.symbols = Tensor({rows, width}, DType::kS32);
  for (int64_t i = 0; i < rows * width; ++i) {
    const int32_t value = array.values()[static_cast<size_t>(i)];
    if (value >= data.alphabet) {
      fail(ExitCode::kData,
           "{}: image {}, row {}, column {} (from 0): found {}, and the model knows 0 .. {}\n"
           "  grey images need a model of 256 levels   data.binarization=none",
           path, i / width, i % width / file.shape[1], i % file.shape[1], value, data.alphabet - 1);
    }
    file.symbols.data<int32_t>()[i] = value;
  }
  return file;
}

ImageFile read_png_image(std::span<const std::byte> bytes, const std::string& path, const DataSpec& data) {
  if (data.alphabet > 256) {
    fail(ExitCode::kUsage, "{}: a PNG of 256 grey levels cannot hold the {} symbols of this model", path,
         data.alphabet);
  }
  constexpr size_t kBitDepth = 24, kColourType = 25;  // in the header chunk, which comes first
  if (bytes.size() > kColourType && (bytes[kColourType] != std::byte{0} || bytes[kBitDepth] > std::byte{8})) {
    fail(ExitCode::kData, "{}: a PNG with colours, transparency or 16 bits, expected grey of at most 8 bits", path);
  }
  const io::Image image = io::decode_png(bytes, path);
  ImageFile file;
  file.format = ImageFormat::kPng;
  file.shape = {image.height, image.width};
  require_width(path, file.shape, data);
  std::array<int32_t, 256> symbol_of_level;
  symbol_of_level.fill(-1);
  for (int32_t s = 0; s < data.alphabet; ++s) {
    const io::Image one = render_symbols(std::span(&s, 1), {.shape = {1, 1}, .alphabet = data.alphabet, .classes = 0});
    symbol_of_level[one.pixels[0]] = s;
  }
  file.symbols = Tensor({1, data.positions()}, DType::kS32);
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    const int32_t symbol = symbol_of_level[image.pixels[i]];
    if (symbol < 0) {
      const auto width = static_cast<size_t>(image.width);
      fail(ExitCode::kData, "{}: row {}, column {} (from 0): grey {} is none of the {} symbols of the model{}", path,
           i / width, i % width, image.pixels[i], data.alphabet,
           data.alphabet == 2 ? ", which are black (0) and white (255)" : "");
    }
    file.symbols.data<int32_t>()[i] = symbol;
  }
  return file;
}

}  // namespace

const char* name_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::kText:
    case ImageFormat::kTextTrailingBlank:
      return "text";
    case ImageFormat::kIdx:
      return "idx";
    case ImageFormat::kPng:
      return "PNG";
  }
  return "?";
}

ImageFile read_image_file(const std::string& path, const DataSpec& data, std::optional<int64_t> limit) {
  io::Bytes bytes = io::read_maybe_gzip(path, kMaxBytes);
  if (bytes.text().starts_with("\x89PNG")) return read_png_image(bytes.span(), path, data);
  if (bytes.text().starts_with(std::string_view("\0\0\x08", 3))) {
    return read_idx_images(std::move(bytes), path, data, limit);
  }
  return read_text(bytes.text(), path, data, limit);
}

io::Bytes print_image_file(const ImageFile& file, int64_t alphabet) {
  switch (file.format) {
    case ImageFormat::kText:
    case ImageFormat::kTextTrailingBlank:
      return print_text(file);
    case ImageFormat::kIdx:
      return print_idx(file);
    case ImageFormat::kPng:
      return io::encode_png(render(file, alphabet));
  }
  fail(ExitCode::kInternal, "an image format without a writer");
}

io::Digest digest_of(const ImageFile& file, int64_t alphabet) {
  if (file.format != ImageFormat::kPng) return io::sha256(print_image_file(file, alphabet).span());
  const io::Image image = render(file, alphabet);
  return io::sha256(std::as_bytes(std::span(image.pixels)));
}

}  // namespace mlrun

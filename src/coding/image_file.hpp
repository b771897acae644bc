// A file of images as rows of symbols, and the way back to its very bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/bytes.hpp"
#include "io/sha256.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

enum class ImageFormat : uint8_t {
  kText = 0,           // rows of numbers with one blank between them, each ended by a newline: .amat
  kTextTrailingBlank,  // the same with a blank behind every number
  kIdx,                // unsigned bytes [images, rows, columns]
  kPng,                // one image; 8-bit grey from black (symbol 0) to white (the last symbol)
};
inline constexpr uint8_t kImageFormats = 4;
const char* name_of(ImageFormat format);  // "text", "text", "idx", "PNG"

struct ImageFile {
  ImageFormat format = ImageFormat::kText;
  Shape shape;     // of one image, as the file has it
  Tensor symbols;  // s32 [images, positions]
};

// Plain or .gz, told by content and not by name; the first `limit` images. Symbols must be those of `data`, and images
// have as many positions. Error(kData) naming the place. Text that print_image_file would not give back byte by byte is
// refused as well.
ImageFile read_image_file(const std::string& path, const DataSpec& data, std::optional<int64_t> limit);

// The bytes of the file (of its first images, if it was limited; of the unpacked file, if it was .gz).
io::Bytes print_image_file(const ImageFile& file, int64_t alphabet);
// SHA-256 of what is promised to come back: the bytes of the file, or of a PNG its 8-bit grey pixels.
io::Digest digest_of(const ImageFile& file, int64_t alphabet);

}  // namespace mlrun

// The file that `mlrun compress` writes. Everything but the streams takes about 100 bytes, because they count:
//
//    0   8  "mlrunimg"
//    8   4  checksum: the first bytes of the SHA-256 of all that follows
//   12   1  stages of the model, 1 or 2
//   13   1  ImageFormat
//   14  32  SHA-256 of the model (model_digest)
//   46  32  SHA-256 of the original (digest_of)
//   78      numbers of 7 bits a byte, lowest first (LEB128): numerics version; rank and dimensions of an image;
//           alphabet; images; bytes of every stream
//           the streams (ImageCoder)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "coding/image_file.hpp"
#include "io/bytes.hpp"
#include "io/sha256.hpp"

namespace mlrun {

struct CompressedFile {
  int stages = 1;
  ImageFormat format = ImageFormat::kText;
  io::Digest model = {}, original = {};
  int64_t numerics_version = 0;
  Shape shape;  // of one image
  int64_t alphabet = 2, images = 0;
  std::vector<std::span<const std::byte>> streams;  // streams_of(images); somebody else's memory
};

inline constexpr int64_t kMaxCompressedSymbols = int64_t{1} << 28;  // images x positions: 1 GiB to hold them

io::Bytes pack(const CompressedFile& file);
// Believes nothing: another magic number, a wrong checksum, lengths that do not fit, numbers out of range are
// Error(kData) naming `name`. The streams lie in `bytes`.
CompressedFile unpack(std::span<const std::byte> bytes, const std::string& name);

}  // namespace mlrun

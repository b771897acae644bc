#include "data/idx.hpp"

#include "base/error.hpp"
#include "io/gzip.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;  // 22 times MNIST, twice the largest set in this format

uint32_t big_endian(std::span<const std::byte> bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint32_t>(bytes[at + i]);
  return value;
}

}  // namespace

std::span<const uint8_t> IdxArray::values() const {
  const auto count = static_cast<size_t>(count_of(shape));
  return {reinterpret_cast<const uint8_t*>(file.data()) + (file.size() - count), count};
}

IdxArray parse_idx(io::Bytes file, const std::string& name, int rank) {
  const auto bytes = file.span();
  const size_t header = 4 + 4 * static_cast<size_t>(rank);
  if (bytes.size() < header) {
    fail(ExitCode::kData,
         "{}: ends at byte {}, inside the idx header, which has {} bytes\n  the file is cut short: fetch it again",
         name, bytes.size(), header);
  }
  const uint32_t magic = 0x800 + static_cast<uint32_t>(rank);
  if (const uint32_t found = big_endian(bytes, 0); found != magic) {
    fail(ExitCode::kData,
         "{}: byte 0: found 0x{:08x}, expected 0x{:08x} (an idx file of bytes with {} dimension{})\n"
         "  is it the right file? images have 3 dimensions, labels 1",
         name, found, magic, rank, rank == 1 ? "" : "s");
  }
  IdxArray array;
  uint64_t expected = 1;
  for (size_t i = 0; i < static_cast<size_t>(rank); ++i) {
    const uint32_t dimension = big_endian(bytes, 4 + 4 * i);
    // The cap keeps the product from wrapping, and no file that could be read is that large.
    if (dimension == 0 || expected > kMaxBytes / dimension) {
      fail(ExitCode::kData, "{}: byte {}: found a dimension of {}, expected one that makes 1 to {} values", name,
           4 + 4 * i, dimension, kMaxBytes);
    }
    expected *= dimension;
    array.shape.push_back(dimension);
  }
  if (const uint64_t found = bytes.size() - header; found != expected) {
    fail(ExitCode::kData,
         "{}: byte {}: found {} bytes after the header, expected {} for shape {}\n  the file is {}: fetch it again",
         name, header, found, expected, to_string(array.shape), found < expected ? "cut short" : "too long");
  }
  array.file = std::move(file);
  return array;
}

IdxArray read_idx(const std::string& path, int rank) {
  return parse_idx(io::read_maybe_gzip(path, kMaxBytes), path, rank);
}

}  // namespace mlrun

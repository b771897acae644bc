#include "data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/shell_word.hpp"
#include "io/gzip.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;  // 22 times MNIST, twice the largest set in this format

uint32_t big_endian(std::span<const std::byte> bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint32_t>(bytes[at + i]);
  return value;
}

// The number types of the format, by their code in the third byte.
struct NumberType {
  uint8_t code;
  size_t bytes;
  const char* words;
  const char* numpy;
  double (*value)(const std::byte* at);
};

template <class T>
double load(const std::byte* at) {
  std::array<std::byte, sizeof(T)> raw;
  std::reverse_copy(at, at + sizeof(T), raw.begin());
  return static_cast<double>(std::bit_cast<T>(raw));
}

constexpr NumberType kTypes[] = {{0x08, 1, "bytes", "u1", load<uint8_t>},
                                 {0x09, 1, "signed bytes", "i1", load<int8_t>},
                                 {0x0b, 2, "16-bit integers", ">i2", load<int16_t>},
                                 {0x0c, 4, "32-bit integers", ">i4", load<int32_t>},
                                 {0x0d, 4, "32-bit floats", ">f4", load<float>},
                                 {0x0e, 8, "64-bit floats", ">f8", load<double>}};

const NumberType* type_of(uint32_t magic) {
  for (const NumberType& type : kTypes) {
    if (magic >> 16 == 0 && (magic >> 8 & 0xff) == type.code) return &type;
  }
  return nullptr;
}

// The file with bytes for numbers, in a header of the same size.
io::Bytes with_bytes(const io::Bytes& file, const NumberType& type, size_t header, const std::string& name) {
  const size_t count = (file.size() - header) / type.bytes;
  io::Bytes bytes(header + count);
  std::copy_n(file.data(), header, bytes.data());
  bytes.data()[2] = std::byte{0x08};
  for (size_t i = 0; i < count; ++i) {
    const double value = type.value(file.data() + header + i * type.bytes);
    if (!(value >= 0 && value <= 255 && value == std::floor(value))) {
      const std::string scale = value > 0 && value < 1 ? " * 255" : "";
      fail(
          ExitCode::kData,
          "{}: byte {}: found {} among {}, expected whole numbers 0 .. 255\n  write it anew   python3 -c 'import gzip, "
          "numpy, sys; f, t = sys.argv[1:]; o = gzip.open if open(f, \"rb\").read(2) == b\"\\x1f\\x8b\" else open; "
          "b = o(f, \"rb\").read(); x = numpy.frombuffer(b, \"{}\", offset={}){}; open(t, \"wb\").write(b[:2] + "
          "b\"\\x08\" + b[3:{}] + x.round().clip(0, 255).astype(\"u1\").tobytes())' {} {} && mv {} {} && mv {} {}",
          name, header + i * type.bytes, std::isnan(value) ? "nan" : print_number(value), type.words, type.numpy,
          header, scale, header, shell_word(name), shell_word(name + ".bytes"), shell_word(name),
          shell_word(name + ".before"), shell_word(name + ".bytes"), shell_word(name));
    }
    bytes.data()[header + i] = static_cast<std::byte>(value);
  }
  return bytes;
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
  const uint32_t magic = 0x800 + static_cast<uint32_t>(rank), found_magic = big_endian(bytes, 0);
  const NumberType* type = type_of(found_magic);
  if (!type || (found_magic & 0xff) != static_cast<uint32_t>(rank)) {
    fail(ExitCode::kData,
         "{}: byte 0: found 0x{:08x}, expected 0x{:08x} (an idx file of bytes with {} dimension{})\n"
         "  is it the right file? images have 3 dimensions, labels 1",
         name, found_magic, magic, rank, rank == 1 ? "" : "s");
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
  expected *= type->bytes;
  if (const uint64_t found = bytes.size() - header; found != expected) {
    fail(ExitCode::kData,
         "{}: byte {}: found {} bytes after the header, expected {} for shape {}\n  the file is {}: fetch it again",
         name, header, found, expected, to_string(array.shape), found < expected ? "cut short" : "too long");
  }
  array.file = type->code == 0x08 ? std::move(file) : with_bytes(file, *type, header, name);
  return array;
}

IdxArray read_idx(const std::string& path, int rank) {
  return parse_idx(io::read_maybe_gzip(path, kMaxBytes), path, rank);
}

}  // namespace mlrun

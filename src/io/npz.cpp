#include "io/npz.hpp"

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "base/error.hpp"

namespace mlrun::io {
namespace {

template <class T>
void put(std::string& text, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::string tuple_of(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

// What stands before a file in the archive, and again in the directory at its end.
void put_common(std::string& text, uint32_t crc, uint32_t size, size_t name) {
  put<uint16_t>(text, 20);           // the version that is needed: 2.0
  put<uint16_t>(text, 0);            // no flags
  put<uint16_t>(text, 0);            // stored as it is
  put<uint32_t>(text, 0x00210000u);  // 1980-01-01, the first day that the format has
  put<uint32_t>(text, crc);
  put<uint32_t>(text, size);
  put<uint32_t>(text, size);
  put<uint16_t>(text, static_cast<uint16_t>(name));
  put<uint16_t>(text, 0);  // no further fields
}

}  // namespace

std::string npy_of(const Tensor& values) {
  const char* type = values.dtype() == DType::kS32 ? "<i4" : values.dtype() == DType::kU8 ? "|u1" : "<f4";
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, tuple_of(values.shape()));
  header.append(63 - (10 + header.size()) % 64, ' ');  // the values begin at a multiple of 64
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  put<uint16_t>(file, static_cast<uint16_t>(header.size()));
  file += header;
  if (values.dtype() != DType::kBF16) return file.append(static_cast<const char*>(values.raw()), values.bytes());
  const auto* halves = static_cast<const char*>(values.raw());
  for (int64_t i = 0; i < values.count(); ++i) {  // bf16 is the upper half of an f32
    uint16_t half;
    std::memcpy(&half, halves + 2 * i, 2);
    put<uint32_t>(file, static_cast<uint32_t>(half) << 16);
  }
  return file;
}

std::string npz_of(const std::vector<NamedTensor>& tensors) {
  std::string archive, directory;
  for (const NamedTensor& t : tensors) {
    const std::string file = npy_of(t.values), name = t.name + ".npy";
    if (archive.size() + directory.size() + file.size() > std::numeric_limits<uint32_t>::max() - (1u << 20))
      fail(ExitCode::kDisk, "an .npz file holds at most 4 GiB; write a .safetensors file");
    const auto crc = static_cast<uint32_t>(
        crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const unsigned char*>(file.data()), file.size()));
    const auto size = static_cast<uint32_t>(file.size()), at = static_cast<uint32_t>(archive.size());
    put<uint32_t>(archive, 0x04034b50);
    put_common(archive, crc, size, name.size());
    archive += name;
    archive += file;
    put<uint32_t>(directory, 0x02014b50);
    put<uint16_t>(directory, 20);
    put_common(directory, crc, size, name.size());
    put<uint16_t>(directory, 0);  // no comment
    put<uint16_t>(directory, 0);  // the first disk
    put<uint16_t>(directory, 0);  // no attributes
    put<uint32_t>(directory, 0);
    put<uint32_t>(directory, at);
    directory += name;
  }
  const auto begin = static_cast<uint32_t>(archive.size()), length = static_cast<uint32_t>(directory.size());
  archive += directory;
  put<uint32_t>(archive, 0x06054b50);
  put<uint16_t>(archive, 0);
  put<uint16_t>(archive, 0);
  put<uint16_t>(archive, static_cast<uint16_t>(tensors.size()));
  put<uint16_t>(archive, static_cast<uint16_t>(tensors.size()));
  put<uint32_t>(archive, length);
  put<uint32_t>(archive, begin);
  put<uint16_t>(archive, 0);
  return archive;
}

}  // namespace mlrun::io

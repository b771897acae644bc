// A .npy file of any bytes.
#include "io/npy.hpp"

#include <cstring>

#include "fuzz_target.hpp"

namespace {
std::string npy(const std::string& type, const std::string& shape, const std::string& values) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  return std::string("\x93NUMPY\1\0\x76\0", 10) + header + "\n" + values;
}
}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using mlrun::fuzz::write_seed;
  write_seed("u8", npy("|u1", "2, 3", "abcdef"));
  write_seed("bool", npy("|b1", "4,", std::string("\0\1\1\0", 4)));
  write_seed("f64", npy("<f8", "1, 1", std::string("\0\0\0\0\0\0\xf0\x3f", 8)));
  write_seed("s64", npy("<i8", "0, 7", ""));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  fuzz::judge([&] {
    io::Bytes file(size);
    std::memcpy(file.data(), data, size);
    const io::NpyArray array = io::parse_npy(std::move(file), "file");
    double sum = 0;
    for (int64_t i = 0; i < count_of(array.shape); ++i) sum += array.value(i);
    static_cast<void>(sum);
  });
  return 0;
}

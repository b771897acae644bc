// A PNG of any bytes. Its checksums are repaired first: they would keep the fuzzer out of the decoder.
#include "io/png.hpp"

#include <zlib.h>

#include <vector>

#include "fuzz_target.hpp"

namespace {
uint32_t big_endian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

void repair_checksums(std::vector<uint8_t>& png) {
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t length = big_endian(&png[at]);
    if (length > png.size() - at - 12) return;
    const auto sum = static_cast<uint32_t>(crc32(0, &png[at + 4], static_cast<uInt>(length + 4)));
    for (size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    at += length + 12;
  }
}
}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  mlrun::io::Image image = mlrun::io::Image::filled(5, 3, 7);
  image.at(4, 2) = 200;
  mlrun::fuzz::write_seed("grey", mlrun::io::encode_png(image).text());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  std::vector<uint8_t> png(data, data + size);
  repair_checksums(png);
  fuzz::judge([&] {
    const io::Image image = io::decode_png(std::as_bytes(std::span(png)), "file", 1 << 16);
    require(image.pixels.size() == static_cast<size_t>(image.width) * static_cast<size_t>(image.height), "size");
  });
  return 0;
}

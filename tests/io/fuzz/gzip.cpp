// A gzip file of any bytes, unpacked under a cap.
#include "io/gzip.hpp"

#include "fuzz_target.hpp"

namespace {
constexpr uint64_t kMost = 1 << 20;
std::string packed(std::string_view plain) { return std::string(mlrun::io::gzip(mlrun::io::bytes_of(plain)).text()); }
}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using mlrun::fuzz::write_seed;
  write_seed("short", packed("0 1 1 0\n"));
  write_seed("two_members", packed("first ") + packed("second"));
  write_seed("bomb", packed(std::string(4 << 20, 'x')));
  write_seed("all_fields", std::string("\x1f\x8b\x08\x1e\0\0\0\0\0\3\1\0xname\0comment\0ab", 27));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  const auto bytes = io::bytes_of(fuzz::text_of(data, size));
  fuzz::judge([&] {
    const io::Bytes plain = io::gunzip(bytes, "file", kMost);
    require(plain.size() <= kMost, "{} bytes came out", plain.size());
  });
  // What was packed comes back.
  fuzz::judge([&] {
    if (size > kMost) return;
    const io::Bytes back = io::gunzip(io::gzip(bytes).span(), "file", kMost);
    require(back.text() == fuzz::text_of(data, size), "{} bytes were packed and {} came back", size, back.size());
  });
  return 0;
}

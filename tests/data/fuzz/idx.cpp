// An idx file of any bytes; the first byte chooses the rank that is expected.
#include "data/idx.hpp"

#include <cstring>

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using mlrun::fuzz::write_seed;
  write_seed("images", std::string_view("\3\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl", 29));
  write_seed("labels", std::string_view("\1\0\0\10\1\0\0\0\3\1\2\3", 12));
  write_seed("huge", std::string_view("\3\0\0\10\3\377\377\377\377\377\377\377\377\377\377\377\377", 17));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  if (size == 0) return 0;
  fuzz::judge([&] {
    io::Bytes file(size - 1);
    std::memcpy(file.data(), data + 1, size - 1);
    const IdxArray array = parse_idx(std::move(file), "file", 1 + data[0] % 3);
    int64_t sum = 0;
    for (const uint8_t value : array.values()) sum += value;
    require(sum >= 0 && count_of(array.shape) == static_cast<int64_t>(array.values().size()), "shape and values");
  });
  return 0;
}

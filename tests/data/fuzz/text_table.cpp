// Rows of numbers in a text of any bytes.
#include "data/text_table.hpp"

#include <vector>

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using mlrun::fuzz::write_seed;
  write_seed("amat", "0 1 1 0\n1 1 0 0\n");
  write_seed("csv", "0,12,65535\r\n1.0,2.000e+00,3\r\n");
  write_seed("tabs", "0\t1\n1\t0");
  write_seed("semicolons", "0; 1;256\n\n");
  write_seed("savetxt", "1.000000000000000000e+00 0.000000000000000000e+00\n");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  fuzz::judge([&] {
    const SymbolTable table = parse_text_table(fuzz::text_of(data, size), "file");
    std::vector<int32_t> row(static_cast<size_t>(table.width()));
    for (int64_t i = 0; i < table.rows(); ++i) {
      table.unpack(i, row.data());
      for (const int32_t symbol : row) require(symbol >= 0 && symbol <= 65535, "symbol {} in row {}", symbol, i);
    }
  });
  return 0;
}

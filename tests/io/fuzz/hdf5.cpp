// An HDF5 file of any bytes, as samples, tables and unpacked checkpoints are: every dataset and attribute is read.
#include <algorithm>

#include "forged.hpp"
#include "fuzz_target.hpp"
#include "read_everything.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  mlrun::fuzz::write_seed("small", mlrun::fuzz::small_file().text());
  for (const auto& [name, image] : mlrun::fuzz::forged_files()) mlrun::fuzz::write_seed(name, image);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  io::Bytes file(size);
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, file.data());
  fuzz::judge([&] { fuzz::read_everything(io::Hdf5Reader(std::move(file), "file", ExitCode::kCheckpoint)); });
  return 0;
}

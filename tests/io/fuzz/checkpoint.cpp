// The container of a checkpoint: any bytes as a file, then the same bytes sealed as a payload, so that the HDF5 inside
// is reached in spite of the checksums.
#include "io/checkpoint_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "fuzz_target.hpp"
#include "io/hdf5/writer.hpp"
#include "read_everything.hpp"

namespace {

// A file that only this process sees.
const std::string& memory_file() {
  static const int descriptor = ::memfd_create("checkpoint", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return path;
}

void fill(std::string_view bytes) {
  std::FILE* file = std::fopen(memory_file().c_str(), "wbe");
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fclose(file) != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace mlrun;
  mlrun::fuzz::write_seed("sealed", io::seal(fuzz::small_file()).text());
  mlrun::fuzz::write_seed("image", fuzz::small_file().text());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  const std::string_view text = fuzz::text_of(data, size);
  fill(text);
  std::string reason;
  const bool valid = io::verify_checkpoint(memory_file(), &reason);
  fuzz::judge([&] {
    require(valid || !reason.empty(), "refused without a reason");
    if (valid) fuzz::read_everything(io::open_checkpoint(memory_file()));
  });
  if (!text.starts_with("\x89HDF\r\n\x1a\n")) return 0;
  io::Bytes payload(size);
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, payload.data());
  fill(io::seal(std::move(payload)).text());
  fuzz::judge([&] {
    require(io::verify_checkpoint(memory_file(), &reason), "what was sealed does not verify: {}", reason);
    fuzz::read_everything(io::open_checkpoint(memory_file()));
  });
  return 0;
}

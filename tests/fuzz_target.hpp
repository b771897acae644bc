// What the libFuzzer targets, tests/ROOM/fuzz/*.cpp, share. Run them by scripts/fuzz.sh.
//
// A reader of hostile bytes may answer in two ways: a value, or mlrun::Error with an exit code for a mistake of the
// user. An internal error, any other exception, a crash or a hang is a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mlrun::fuzz {

template <class Parse>
void judge(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    if (error.code() == ExitCode::kInternal || error.what()[0] == '\0') {
      std::fprintf(stderr, "finding: exit code %d: %s\n", static_cast<int>(error.code()), error.what());
      std::abort();
    }
  }
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A seed for the corpus, made by the target itself when MLRUN_FUZZ_SEEDS names a folder (call from
// LLVMFuzzerInitialize). Binary seeds are thus written by today's writers and never go stale.
inline void write_seed(const std::string& name, std::string_view bytes) {
  const char* folder = std::getenv("MLRUN_FUZZ_SEEDS");
  if (!folder) return;
  const std::string path = std::string(folder) + "/" + name;
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fclose(file) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

}  // namespace mlrun::fuzz

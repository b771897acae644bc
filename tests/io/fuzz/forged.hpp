// Small files whose groups lie, made from small_file(): what fuzzing found, and its neighbours. Seeds and a test.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "read_everything.hpp"

namespace mlrun::fuzz {

// Where small_file() keeps these.
inline constexpr size_t kRootTree = 0x88, kRootHeap = 0x2a8, kDataSymbols = 0x1238;

inline std::map<std::string, std::string> forged_files() {
  const std::string image(small_file().text());
  const auto with = [&](size_t at, uint64_t value) {
    std::string forged = image;
    std::memcpy(forged.data() + at, &value, sizeof(value));
    return forged;
  };
  std::map<std::string, std::string> files = {{"heap_of_no_bytes", with(kRootHeap + 8, 0)},
                                              {"heap_without_names", with(kRootHeap + 24, ~uint64_t{0})},
                                              {"heap_elsewhere", with(kDataSymbols + 8, kRootTree)},
                                              {"tree_of_itself", with(kRootTree + 32, kRootTree)}};
  // libhdf5 1.10.8 read address 0 (H5HL_protect under H5Literate) in a group whose tree and heap are at no address.
  std::string nowhere = image;
  nowhere.replace(kDataSymbols, 16, 16, '\xff');
  files.emplace("group_nowhere", std::move(nowhere));
  return files;
}

}  // namespace mlrun::fuzz

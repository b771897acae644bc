// The part of io/hdf5/numbers.hpp that runs in the child, and how the two talk. For the .cpp files of this room only.
#pragma once

#include <cstdint>
#include <string>

#include "io/bytes.hpp"

namespace mlrun::io {

// Every message is its kind and a count, and then as many characters (kRefusal: the mending, then the reason), sizes
// (kShape) or doubles (kValues).
struct Hdf5NumberMessage {
  enum Kind : uint64_t { kRefusal = 1, kShape = 2, kValues = 3, kDone = 4 };
  uint64_t kind = 0, count = 0;
};
// What would mend a file that was refused: the first character of a refusal.
enum class Hdf5Mending : char { kNone = '0', kCopy = '1', kFields = '2', kFloat = '3' };

inline constexpr uint64_t kMostHdf5Text = 4096, kMostHdf5Rank = 32, kMostHdf5Piece = uint64_t{1} << 20;

// Sends what is at `path` ("/group/rows") of the file whose bytes these are. Call it with the session held.
void send_hdf5_numbers(Bytes& file, const std::string& path, int out);

}  // namespace mlrun::io

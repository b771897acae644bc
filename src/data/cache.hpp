// Packed copies of data sets that are slow to read or to make. A copy is only ever a convenience: where it is missing,
// damaged or out of date it is made again without a word, and where it cannot be written nothing happens. The folder is
// bounded (data/cache_folder.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/content.hpp"
#include "io/bytes.hpp"

namespace mlrun {

struct CacheKey {
  std::string kind;                // starts the file's name
  std::string options;             // all that decides the content, but for the files
  std::vector<std::string> files;  // sources; where each really is and its file_identity are part of the key
};

// Tells a file from others and from what it was before, in one line: device, inode, size, times of change, and a
// SHA-256 of its bytes: of all of them up to 16 MiB, of sixteen pieces of 1 MiB beyond. The times alone would not do:
// cp -p, tar and touch set one, and the other (ctime) may be equal for two writes within some milliseconds. "" without
// such a file.
std::string file_identity(const std::string& path);

// The content from the folder's copy if there is a good one, else from `build`, which is then packed there (atomically:
// several processes may do this at once). folder "": just build. The returned content has its hash. Content with
// warnings is not packed, so that they are found and said each time; nor is one whose classes have names (a copy has no
// place for them), nor more than kCacheBytes. What comes from a
// copy is mapped from it, so that it may be larger than memory.
DataContent cached(const std::string& folder, const CacheKey& key, const std::function<DataContent()>& build);

// The same for what is made piece by piece and need never be in memory as a whole. `build` hands its bytes over one
// after the other; it is called a second time, with the copy given up, where the disk is full.
struct PackedBytes {
  std::shared_ptr<const io::Bytes> owner;
  std::span<const std::byte> bytes;
};
using ByteSink = std::function<void(std::span<const std::byte>)>;
PackedBytes cached_bytes(const std::string& folder, const CacheKey& key,
                         const std::function<void(const ByteSink&)>& build);

inline constexpr const char* kPackedEnding = ".packed";
// The key that a packed file was made with, given its first bytes; its files are resolved paths.
std::optional<CacheKey> packed_source(std::string_view head);

}  // namespace mlrun

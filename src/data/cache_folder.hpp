// The folder of packed copies (data/cache.hpp) as a whole: what is in it, and how it stays small.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace mlrun {

inline constexpr uint64_t kCacheBytes = 5'000'000'000;  // what the copies may take together

struct CacheEntry {
  std::string name;                // of the file in the folder
  std::string content;             // "mnist grey"; "" where the copy is not of this version's form
  std::vector<std::string> files;  // what it was made of
  uint64_t bytes = 0;
  std::time_t used = 0;  // when it was last read or written
};
// The copies, the last used first. A folder that is not there or cannot be read has none.
std::vector<CacheEntry> cache_entries(const std::string& folder);

// Removes copies, those that were not used for the longest first, until the rest takes at most `most` bytes; `keep`
// stays. A copy that another process is reading is whole for that process. Temporaries that a killed process left more
// than an hour ago go too. Never fails: what cannot be removed stays.
void bound_cache(const std::string& folder, uint64_t most, const std::string& keep);

// Removes every copy and temporary, and nothing else; Error(kDisk) where one cannot be removed.
void clear_cache(const std::string& folder);

}  // namespace mlrun

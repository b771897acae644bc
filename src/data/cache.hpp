// Packed copies of data sets that are slow to read or to make. A copy is only ever a convenience: where it is missing,
// damaged or out of date it is made again without a word, and where it cannot be written nothing happens.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/content.hpp"

namespace mlrun {

struct CacheKey {
  std::string kind;                // starts the file's name
  std::string options;             // all that decides the content, but for the files
  std::vector<std::string> files;  // sources: path, size and time of change are part of the key
};

// The content from the folder's copy if there is a good one, else from `build`, which is then packed there (atomically:
// several processes may do this at once). folder "": just build. The returned content has its hash.
DataContent cached(const std::string& folder, const CacheKey& key, const std::function<DataContent()>& build);

}  // namespace mlrun

// Words of a command line that is still being typed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mlrun::cli {

// A command line up to the cursor as a POSIX shell splits it, without expansions.
struct SplitLine {
  std::vector<std::string> words;  // the last is the one under the cursor
  bool quoted = false;             // the cursor is inside quotes,
  size_t quote_start = 0;          // which began at this character of the last word
};
SplitLine split_line(const std::string& line);

}  // namespace mlrun::cli

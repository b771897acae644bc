// Signals to project: built in, or from a file of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlrun {

struct SignalName {
  std::string name, summary;
};
const std::vector<SignalName>& builtin_signals();
std::vector<double> builtin_signal(const std::string& name, int64_t length, uint64_t seed);
// One number on each line, or columns parted by commas, semicolons, tabs or blanks, below a line of names or not; empty
// lines and lines that begin with # are passed over. `path` is "-" for standard input. The first `length` numbers.
// Error(kData) naming file and line; Error(kUsage) for a column that is not there.
std::vector<double> read_signal(const std::string& path, const std::string& column, std::optional<int64_t> length);

}  // namespace mlrun

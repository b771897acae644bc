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
// One number on each line, or columns, below a line of names or not, as data/number_text.hpp reads them; plain or gzip.
// `path` is "-" for standard input. `column` is a name or a number from 1; "" is the first, which is said where there
// are others. The first `length` numbers. Error(kData) naming file and line; Error(kUsage) for a column that is not
// there.
std::vector<double> read_signal(const std::string& path, const std::string& column, std::optional<int64_t> length);

}  // namespace mlrun

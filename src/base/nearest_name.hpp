// "did you mean 'hidden'?": the known name closest to what was typed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlrun {

// The known name with the least Damerau-Levenshtein distance to `typed` (ties: the first), or nothing when
// even the best is further away than a third of the typed length (and at least 1, at most 3 edits).
std::optional<std::string> nearest_name(std::string_view typed, const std::vector<std::string>& known);

}  // namespace mlrun

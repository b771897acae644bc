// The home directory in paths. Shells expand ~ only where it begins a word of theirs: not in quotes, not behind the
// equals sign of --run-dir=~/x or data.train=~/x, and not in a variable that was set with quotes.
#pragma once

#include <string>

namespace mlrun {

// "~" and "~/x" with the home directory (HOME) in the place of ~; any other path as it is. "~name/x", and a ~ without
// an absolute HOME: Error(kUsage). A folder that is really called ~ is ./~
std::string expand_home(const std::string& path);

}  // namespace mlrun

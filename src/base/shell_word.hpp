// Commands in messages, for people to copy.
#pragma once

#include <string>
#include <string_view>

namespace mlrun {

// A word as a POSIX shell reads it back; as it is where no quotes are needed.
std::string shell_word(std::string_view text);

}  // namespace mlrun

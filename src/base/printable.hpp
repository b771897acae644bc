// Text that people wrote (names, notes, tags, paths), for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace mlrun {

// Control characters (C0, DEL, and C1 of UTF-8) as \n, \t or \x1b; all else as it is. A note must not move the cursor,
// set the title of a window or clear the screen of who reads it. `keep`: of these characters, those that stay.
std::string printable(std::string_view text, std::string_view keep = "");

}  // namespace mlrun

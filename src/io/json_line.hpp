// JSON as scripts and the journal get it: one line.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace mlrun::io {

// Without the newline. NaN and infinity become null; bytes that are not UTF-8 (in a path, say) become U+FFFD.
std::string json_line(const nlohmann::ordered_json& value);

}  // namespace mlrun::io

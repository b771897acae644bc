// Characters of UTF-8 text: columns and carets count code points, not bytes.
#pragma once

#include <optional>
#include <string_view>

namespace mlrun::config {

// The first byte that is not well-formed UTF-8 (overlong forms and surrogates are not), or nothing.
std::optional<size_t> first_invalid_utf8(std::string_view text);

// Code points of well-formed text.
size_t characters(std::string_view text);

// The first `count` code points of the text (all of it when it is shorter).
std::string_view first_characters(std::string_view text, size_t count);

}  // namespace mlrun::config

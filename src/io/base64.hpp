// Bytes as text, for what is embedded in a page (RFC 4648, with padding, in one line).
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace mlrun::io {

std::string base64(std::span<const std::byte> bytes);

}  // namespace mlrun::io

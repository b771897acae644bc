// Files that may be gzip (RFC 1952). What the file claims about its size is not believed: output stops at the cap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "io/bytes.hpp"

namespace mlrun::io {

bool is_gzip(std::span<const std::byte> bytes);  // starts with 1f 8b

// Unpacks one or more concatenated members. Truncated or damaged data, a wrong checksum, trailing bytes, or more than
// `max_bytes` of output: Error(kData) naming `name`.
Bytes gunzip(std::span<const std::byte> packed, const std::string& name, uint64_t max_bytes);

// The contents of a plain or gzip file (told by its first two bytes, never by its name), at most `max_bytes` once
// unpacked. Error(kData). Memory: at most 2 max_bytes.
Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes);

// Packs; deterministic (no name, no time).
Bytes gzip(std::span<const std::byte> plain);

}  // namespace mlrun::io

// Files that may be gzip (RFC 1952). What the file claims about its size is not believed: output stops at the cap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/bytes.hpp"

namespace mlrun::io {

bool is_gzip(std::span<const std::byte> bytes);  // starts with 1f 8b

// Unpacks one or more concatenated members. Truncated or damaged data, a wrong checksum, trailing bytes, or more than
// `max_bytes` of output: Error(kData) naming `name`.
Bytes gunzip(std::span<const std::byte> packed, const std::string& name, uint64_t max_bytes);

// The contents of a plain or gzip file (told by its first two bytes, never by its name), at most `max_bytes` once
// unpacked. Error(kData). Memory: at most 2 max_bytes; or, with a folder to keep them in, 64 MiB (io::ByteStore).
Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes);
Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes, const std::string& folder);

// The same contents piece by piece, in memory that does not grow with them.
class PieceReader {
 public:
  PieceReader(const std::string& path, uint64_t max_bytes);
  ~PieceReader();
  PieceReader(const PieceReader&) = delete;
  PieceReader& operator=(const PieceReader&) = delete;
  // The next bytes, 256 KiB or what is left; good until the next call. Nothing: the end. Error(kData).
  std::span<const std::byte> next();

 private:
  class Source;
  std::unique_ptr<Source> source_;
  Bytes piece_;
};

// Packs; deterministic (no name, no time).
Bytes gzip(std::span<const std::byte> plain);

}  // namespace mlrun::io

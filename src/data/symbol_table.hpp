// Rows of symbols in the least memory: one bit a symbol where no symbol is above 1, one byte up to 255, else two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/byte_store.hpp"
#include "io/bytes.hpp"

namespace mlrun {

// An immutable handle, cheap to copy; any number of threads may read it. Equal symbols are equal bytes().
class SymbolTable {
 public:
  SymbolTable() = default;
  // Rows that lie in `bytes`, packed as bytes() says; `owner` keeps them alive. bits: 1, 8 or 16.
  SymbolTable(std::shared_ptr<const io::Bytes> owner, std::span<const std::byte> bytes, int64_t rows, int64_t width,
              int bits);
  static size_t bytes_of(int64_t rows, int64_t width, int bits);

  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }
  int bits() const { return bits_; }  // per symbol
  // Row-major. Bits fill a byte from the lowest, and every row starts a new byte; 16-bit symbols are little-endian.
  std::span<const std::byte> bytes() const { return bytes_; }
  // Says that bytes() before `end` will not be looked at soon (io::Bytes::pass_over).
  void pass_over(size_t end) const;

  void unpack(int64_t row, int32_t* symbols) const;                   // width() numbers
  void unpack_flat(int64_t begin, std::span<int32_t> symbols) const;  // of a table of width 1: so many rows from one on
  SymbolTable head(int64_t rows) const;                               // the first rows; shares the memory

 private:
  std::shared_ptr<const io::Bytes> owner_;
  std::span<const std::byte> bytes_;
  int64_t rows_ = 0, width_ = 0;
  int bits_ = 1;
};

// Takes rows one after the other, widening what it has when a larger symbol comes. Given a folder, it keeps at most 64
// MiB of them in memory (io::ByteStore), and the table is mapped from there.
class SymbolTableBuilder {
 public:
  explicit SymbolTableBuilder(int64_t width, std::string folder = "")
      : width_(width), folder_(std::move(folder)), bytes_(folder_) {}

  void append(std::span<const uint8_t> row);
  void append(std::span<const uint16_t> row);
  void append(std::span<const int32_t> row);  // 0 .. 65535
  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }
  SymbolTable finish() &&;

 private:
  template <class T>
  void append_row(std::span<const T> row);
  void widen(int bits);

  int64_t width_, rows_ = 0;
  int bits_ = 1;
  std::string folder_;
  io::ByteStore bytes_;
  std::vector<std::byte> row_;  // the last one, packed
};

}  // namespace mlrun

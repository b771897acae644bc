#include "data/symbol_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hpp"

namespace mlrun {
namespace {

// A byte of eight symbols, spread out.
const std::array<std::array<int32_t, 8>, 256>& spread_bits() {
  static const auto table = [] {
    std::array<std::array<int32_t, 8>, 256> t{};
    for (size_t byte = 0; byte < 256; ++byte) {
      for (size_t bit = 0; bit < 8; ++bit) t[byte][bit] = static_cast<int32_t>(byte >> bit & 1);
    }
    return t;
  }();
  return table;
}

size_t row_bytes(int64_t width, int bits) { return (static_cast<size_t>(width) * static_cast<size_t>(bits) + 7) / 8; }

template <class T>
void pack(const T* row, int64_t width, int bits, std::byte* out) {
  if (bits == 1) {
    for (int64_t i = 0; i < width; i += 8) {
      unsigned byte = 0;
      for (int64_t j = i; j < std::min(i + 8, width); ++j) byte |= static_cast<unsigned>(row[j]) << (j - i);
      *out++ = static_cast<std::byte>(byte);
    }
  } else if (bits == 8) {
    for (int64_t i = 0; i < width; ++i) out[i] = static_cast<std::byte>(row[i]);
  } else {
    for (int64_t i = 0; i < width; ++i) {
      const auto symbol = static_cast<unsigned>(row[i]);
      out[2 * i] = static_cast<std::byte>(symbol & 0xff);
      out[2 * i + 1] = static_cast<std::byte>(symbol >> 8);
    }
  }
}

// Of 8 or 16 bits each.
void unpack_numbers(const std::byte* in, int bits, int64_t count, int32_t* symbols) {
  if (bits == 8) {
    for (int64_t i = 0; i < count; ++i) symbols[i] = static_cast<int32_t>(in[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      symbols[i] = static_cast<int32_t>(in[2 * i]) | static_cast<int32_t>(in[2 * i + 1]) << 8;
    }
  }
}

}  // namespace

size_t SymbolTable::bytes_of(int64_t rows, int64_t width, int bits) {
  return static_cast<size_t>(rows) * row_bytes(width, bits);
}

SymbolTable::SymbolTable(std::shared_ptr<const io::Bytes> owner, std::span<const std::byte> bytes, int64_t rows,
                         int64_t width, int bits)
    : owner_(std::move(owner)), bytes_(bytes), rows_(rows), width_(width), bits_(bits) {
  require(bits == 1 || bits == 8 || bits == 16, "a table of {}-bit symbols", bits);
  require(bytes.size() == bytes_of(rows, width, bits), "{} bytes for {} rows of {} symbols of {} bits", bytes.size(),
          rows, width, bits);
}

void SymbolTable::pass_over(size_t end) const {
  if (owner_) owner_->pass_over(static_cast<size_t>(bytes_.data() - owner_->data()) + end);
}

void SymbolTable::unpack(int64_t row, int32_t* symbols) const {
  require(row >= 0 && row < rows_, "row {} of a table of {}", row, rows_);
  const size_t stride = row_bytes(width_, bits_);
  const std::byte* in = bytes_.data() + static_cast<size_t>(row) * stride;
  if (bits_ == 1) {
    const auto& spread = spread_bits();
    const int64_t whole = width_ / 8;
    for (int64_t i = 0; i < whole; ++i) {
      std::memcpy(symbols + 8 * i, spread[static_cast<size_t>(in[i])].data(), 8 * sizeof(int32_t));
    }
    if (width_ % 8) {
      std::copy_n(spread[static_cast<size_t>(in[whole])].data(), width_ % 8, symbols + 8 * whole);
    }
  } else {
    unpack_numbers(in, bits_, width_, symbols);
  }
}

void SymbolTable::unpack_flat(int64_t begin, std::span<int32_t> symbols) const {
  const auto count = static_cast<int64_t>(symbols.size());
  require(width_ == 1 && bits_ >= 8 && begin >= 0 && begin + count <= rows_, "rows {} to {} of a table of {}", begin,
          begin + count, rows_);
  const size_t bytes = static_cast<size_t>(bits_) / 8;
  unpack_numbers(bytes_.data() + static_cast<size_t>(begin) * bytes, bits_, count, symbols.data());
}

SymbolTable SymbolTable::head(int64_t rows) const {
  require(rows >= 0 && rows <= rows_, "the first {} rows of a table of {}", rows, rows_);
  return {owner_, bytes_.first(bytes_of(rows, width_, bits_)), rows, width_, bits_};
}

template <class T>
void SymbolTableBuilder::append_row(std::span<const T> row) {
  require(static_cast<int64_t>(row.size()) == width_, "a row of {} symbols in a table of width {}", row.size(), width_);
  unsigned any = 0;  // its highest bit is the highest of any symbol
  for (const T symbol : row) any |= static_cast<unsigned>(symbol);
  require(any <= 0xffff, "a symbol outside 0 .. 65535");
  if (const int bits = any <= 1 ? 1 : any <= 0xff ? 8 : 16; bits > bits_) widen(bits);
  const size_t stride = row_bytes(width_, bits_);
  row_.resize(stride);
  pack(row.data(), width_, bits_, row_.data());
  bytes_.append(row_);
  ++rows_;
}

void SymbolTableBuilder::widen(int bits) {
  const io::Bytes before = std::move(bytes_).finish();
  const SymbolTable narrow(nullptr, before.span(), rows_, width_, bits_);
  bytes_ = io::ByteStore(folder_);
  std::vector<int32_t> row(static_cast<size_t>(width_));
  row_.resize(row_bytes(width_, bits));
  for (int64_t i = 0; i < rows_; ++i) {
    narrow.unpack(i, row.data());
    pack(row.data(), width_, bits, row_.data());
    bytes_.append(row_);
  }
  bits_ = bits;
}

void SymbolTableBuilder::append(std::span<const uint8_t> row) { append_row(row); }
void SymbolTableBuilder::append(std::span<const uint16_t> row) { append_row(row); }
void SymbolTableBuilder::append(std::span<const int32_t> row) { append_row(row); }

SymbolTable SymbolTableBuilder::finish() && {
  const auto owner = std::make_shared<const io::Bytes>(std::move(bytes_).finish());
  return {owner, owner->span(), rows_, width_, bits_};
}

}  // namespace mlrun

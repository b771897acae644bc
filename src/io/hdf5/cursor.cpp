#include "io/hdf5/cursor.hpp"

#include "base/error.hpp"

namespace mlrun::io {

uint64_t Hdf5Cursor::number(size_t width, std::string_view what) {
  need(width, what);
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value |= std::to_integer<uint64_t>(bytes_[i]) << (8 * i);
  bytes_ = bytes_.subspan(width);
  offset_ += width;
  return value;
}

uint64_t Hdf5Cursor::number_in(size_t width, std::string_view what, uint64_t lowest, uint64_t highest) {
  const Hdf5Cursor before = *this;
  const uint64_t value = number(width, what);
  if (value < lowest || value > highest) {
    before.refuse(fmt::format("{} {}", what, value),
                  lowest == highest ? fmt::format("{}", lowest) : fmt::format("{} .. {}", lowest, highest));
  }
  return value;
}

void Hdf5Cursor::no_address(std::string_view what) {
  const Hdf5Cursor before = *this;
  const uint64_t value = address(what);
  if (value != kNoHdf5Address) before.refuse(fmt::format("{} at {}", what, value), "none");
}

std::string_view Hdf5Cursor::text(uint64_t size, std::string_view what) {
  need(size, what);
  const std::string_view value(reinterpret_cast<const char*>(bytes_.data()), size);
  bytes_ = bytes_.subspan(size);
  offset_ += size;
  return value;
}

std::string_view Hdf5Cursor::terminated(std::string_view what) {
  const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  const size_t size = rest.find('\0');
  if (size == std::string_view::npos) refuse(fmt::format("{} without an end", what), "a zero byte behind it");
  return text(size + 1, what).substr(0, size);
}

void Hdf5Cursor::skip(uint64_t size, std::string_view what) { text(size, what); }

void Hdf5Cursor::signature(std::string_view expected) {
  const Hdf5Cursor before = *this;
  if (text(expected.size(), expected) != expected) before.refuse("other bytes", fmt::format("\"{}\"", expected));
}

Hdf5Cursor Hdf5Cursor::part(uint64_t size, std::string_view what) {
  Hdf5Cursor cut = *this;
  skip(size, what);
  cut.bytes_ = cut.bytes_.first(size);
  return cut;
}

void Hdf5Cursor::refuse(const std::string& found, std::string_view expected) const {
  (*refuse_)(fmt::format("{}, byte {}: found {}, expected {}", where_, offset_, found, expected));
  fail(ExitCode::kInternal, "a refusal of an HDF5 file that does not throw");
}

void Hdf5Cursor::need(uint64_t size, std::string_view what) const {
  if (size > bytes_.size()) {
    refuse(fmt::format("its end after {} bytes", bytes_.size()), fmt::format("{} ({} bytes)", what, size));
  }
}

}  // namespace mlrun::io

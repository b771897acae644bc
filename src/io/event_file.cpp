#include "io/event_file.hpp"

#include <array>
#include <bit>

namespace mlrun::io {
namespace {

template <class T>
void put_little(std::string& text, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
}

// Protocol buffers: a key is the number of a field and how its value is written.
constexpr int kVarint = 0, kEightBytes = 1, kLengthAndBytes = 2, kFourBytes = 5;

void put_varint(std::string& text, uint64_t value) {
  for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7f) | 0x80);
  text += static_cast<char>(value);
}
void put_key(std::string& text, int field, int how) { put_varint(text, static_cast<uint64_t>(field << 3 | how)); }
void put_bytes(std::string& text, int field, std::string_view bytes) {
  put_key(text, field, kLengthAndBytes);
  put_varint(text, bytes.size());
  text += bytes;
}

std::string event_at(double wall_time) {
  std::string event;
  put_key(event, 1, kEightBytes);
  put_little(event, std::bit_cast<uint64_t>(wall_time));
  return event;
}

uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
      t[i] = crc;
    }
    return t;
  }();
  uint32_t crc = 0xffffffffu;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

EventFile::EventFile(double wall_time) {
  std::string event = event_at(wall_time);
  put_bytes(event, 3, "brain.Event:2");  // file_version
  record(event);
}

void EventFile::scalar(const std::string& tag, int64_t step, double wall_time, double value) {
  std::string entry;
  put_bytes(entry, 1, tag);
  put_key(entry, 2, kFourBytes);  // simple_value
  put_little(entry, std::bit_cast<uint32_t>(static_cast<float>(value)));
  std::string summary;
  put_bytes(summary, 1, entry);
  std::string event = event_at(wall_time);
  put_key(event, 2, kVarint);
  put_varint(event, static_cast<uint64_t>(step));
  put_bytes(event, 5, summary);
  record(event);
}

void EventFile::record(std::string_view event) {
  std::string length;
  put_little(length, static_cast<uint64_t>(event.size()));
  bytes_ += length;
  put_little(bytes_, masked(crc32c(length)));
  bytes_ += event;
  put_little(bytes_, masked(crc32c(event)));
}

}  // namespace mlrun::io

#include "data/content.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/sha256.hpp"

namespace mlrun {
namespace {

void put(std::string& out, int64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

// Reads numbers from a block and never beyond it.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, size_t at) : bytes_(bytes), at_(at) {}

  // A number of 0 .. most; ok() is false from the first failure on.
  int64_t number(int64_t most) {
    uint64_t value = 0;
    const auto raw = block(8);
    for (size_t i = 0; i < raw.size(); ++i) value |= static_cast<uint64_t>(raw[i]) << (8 * i);
    if (value > static_cast<uint64_t>(most)) ok_ = false;
    return ok_ ? static_cast<int64_t>(value) : 0;
  }
  std::span<const std::byte> block(size_t size) {
    if (!ok_ || size > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  size_t at_;
  bool ok_ = true;
};

constexpr int64_t kMaxWidth = 1 << 24, kMaxRows = int64_t{1} << 32;

}  // namespace

std::string content_header(const DataContent& content) {
  std::string out;
  put(out, static_cast<int64_t>(content.spec.shape.size()));
  for (const int64_t d : content.spec.shape) put(out, d);
  put(out, content.spec.alphabet);
  put(out, content.spec.classes);
  for (const auto& part : content.parts) {
    put(out, part.symbols.rows());
    put(out, part.symbols.bits());
    put(out, static_cast<int64_t>(part.labels.size()));
  }
  return out;
}

std::vector<std::span<const std::byte>> content_body(const DataContent& content) {
  std::vector<std::span<const std::byte>> blocks;
  for (const auto& part : content.parts) blocks.push_back(part.symbols.bytes());
  for (const auto& part : content.parts) blocks.push_back(std::as_bytes(std::span(part.labels)));
  return blocks;
}

void set_hash(DataContent& content) {
  io::Sha256 hash;
  hash.update(content_header(content));
  constexpr size_t kPiece = 1 << 22;
  for (const auto& part : content.parts) {
    const auto bytes = part.symbols.bytes();
    for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
      const size_t size = std::min(kPiece, bytes.size() - begin);
      hash.update(bytes.subspan(begin, size));
      part.symbols.pass_over(begin + size);
    }
  }
  for (const auto& part : content.parts) hash.update(std::as_bytes(std::span(part.labels)));
  content.hash = hash.hex();
}

std::optional<DataContent> unpack_content(std::shared_ptr<const io::Bytes> owner, std::span<const std::byte> bytes) {
  Cursor cursor(bytes, 0);
  DataContent content;
  int64_t width = 1;
  for (int64_t rank = cursor.number(8); rank > 0; --rank) {
    content.spec.shape.push_back(cursor.number(kMaxWidth));
    width *= content.spec.shape.back();
    if (width > kMaxWidth) return std::nullopt;
  }
  content.spec.alphabet = cursor.number(1 << 16);
  content.spec.classes = cursor.number(256);
  struct Sizes {
    int64_t rows, bits, labels;
  };
  std::array<Sizes, 3> sizes{};
  for (Sizes& s : sizes) {
    s.rows = cursor.number(kMaxRows);
    s.bits = cursor.number(16);
    s.labels = cursor.number(kMaxRows);
    const bool known = s.bits == 1 || s.bits == 8 || s.bits == 16;
    if (!cursor.ok() || !known || (s.labels != 0 && s.labels != s.rows)) return std::nullopt;
  }
  for (size_t i = 0; i < 3; ++i) {
    const int bits = static_cast<int>(sizes[i].bits);
    const auto block = cursor.block(SymbolTable::bytes_of(sizes[i].rows, width, bits));
    if (!cursor.ok()) return std::nullopt;
    content.parts[i].symbols = SymbolTable(owner, block, sizes[i].rows, width, bits);
  }
  for (size_t i = 0; i < 3; ++i) {
    const auto block = cursor.block(static_cast<size_t>(sizes[i].labels));
    const auto* labels = reinterpret_cast<const uint8_t*>(block.data());
    content.parts[i].labels.assign(labels, labels + block.size());
  }
  if (!cursor.at_end()) return std::nullopt;
  return content;
}

RowLimits::RowLimits(config::Reader& spec) {
  for (size_t i = 0; i < 3; ++i) {
    const std::string split = name_of(static_cast<Split>(i));
    rows[i] = spec.integer_or(split + "_limit", "all",
                              {.help = "use only so many rows of the " + split + " split", .min = 1, .max = kMaxRows});
  }
}

std::string RowLimits::words() const {
  if (!any()) return "";
  const auto word = [&](size_t i) { return rows[i] ? std::to_string(*rows[i]) : std::string("all"); };
  return fmt::format(", first {}/{}/{} rows", word(0), word(1), word(2));
}

DataContent limited(DataContent content, const RowLimits& limits) {
  bool cut = false;
  for (size_t i = 0; i < 3; ++i) {
    auto& part = content.parts[i];
    if (!limits.rows[i] || *limits.rows[i] >= part.symbols.rows()) continue;
    part.symbols = part.symbols.head(*limits.rows[i]);
    if (!part.labels.empty()) part.labels.resize(static_cast<size_t>(*limits.rows[i]));
    cut = true;
  }
  if (cut) set_hash(content);
  return content;
}

}  // namespace mlrun

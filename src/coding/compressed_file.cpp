#include "coding/compressed_file.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/error.hpp"
#include "coding/coded_streams.hpp"

namespace mlrun {
namespace {

constexpr std::string_view kMagic = "mlrunimg";
constexpr size_t kChecksumBytes = 4, kChecked = kMagic.size() + kChecksumBytes;
constexpr uint8_t kMostStages = 2;
constexpr int64_t kMaxRank = 4;

class Writer {
 public:
  void byte(uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void block(std::span<const std::byte> block) { bytes_.insert(bytes_.end(), block.begin(), block.end()); }
  void number(int64_t value) {
    auto rest = static_cast<uint64_t>(value);
    for (; rest >= 0x80; rest >>= 7) byte(static_cast<uint8_t>(rest & 0x7f) | 0x80);
    byte(static_cast<uint8_t>(rest));
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  [[noreturn]] void refuse(const std::string& why) const {
    fail(ExitCode::kData, "{}: a damaged file of mlrun compress: {}", name_, why);
  }
  std::span<const std::byte> block(uint64_t size) {
    if (size > bytes_.size() - at_) refuse(fmt::format("it ends after {} bytes", bytes_.size()));
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  uint8_t byte() { return static_cast<uint8_t>(block(1)[0]); }
  int64_t number(int64_t least, int64_t most, const char* what) {
    uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const uint8_t b = byte();
      value |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b & 0x80) continue;
      const auto found = static_cast<int64_t>(value);
      if (found < least || found > most) refuse(fmt::format("{} of {}, expected {} .. {}", what, found, least, most));
      return found;
    }
    refuse(fmt::format("{} of more than 63 bits", what));
  }
  io::Digest digest() {
    io::Digest d;
    std::ranges::copy(block(d.size()), d.begin());
    return d;
  }
  size_t left() const { return bytes_.size() - at_; }

 private:
  std::span<const std::byte> bytes_;
  const std::string& name_;
  size_t at_ = 0;
};

}  // namespace

io::Bytes pack(const CompressedFile& file) {
  Writer w;
  w.byte(static_cast<uint8_t>(file.stages));
  w.byte(static_cast<uint8_t>(file.format));
  w.block(file.model);
  w.block(file.original);
  w.number(file.numerics_version);
  w.number(static_cast<int64_t>(file.shape.size()));
  for (const int64_t dimension : file.shape) w.number(dimension);
  w.number(file.alphabet);
  w.number(file.images);
  for (const auto& stream : file.streams) w.number(static_cast<int64_t>(stream.size()));
  for (const auto& stream : file.streams) w.block(stream);
  const io::Digest digest = io::sha256(w.bytes());
  io::Bytes bytes(kChecked + w.bytes().size());
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + kMagic.size(), digest.data(), kChecksumBytes);
  std::memcpy(bytes.data() + kChecked, w.bytes().data(), w.bytes().size());
  return bytes;
}

CompressedFile unpack(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.size() < kMagic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    fail(ExitCode::kData, "{}: not a file of mlrun compress: it does not start with \"{}\"", name, kMagic);
  }
  Reader r(bytes, name);
  r.block(kMagic.size());
  const auto checksum = r.block(kChecksumBytes);
  const io::Digest digest = io::sha256(bytes.subspan(kChecked));
  if (!std::equal(checksum.begin(), checksum.end(), digest.begin())) r.refuse("its checksum is wrong");
  const uint8_t stages = r.byte();
  if (stages < 1 || stages > kMostStages) {
    fail(ExitCode::kData, "{}: made by a model of {} stages, and this mlrun knows 1 and {}", name, stages, kMostStages);
  }
  CompressedFile file;
  file.stages = stages;
  const uint8_t format = r.byte();
  if (format >= kImageFormats) r.refuse(fmt::format("image format {}, expected 0 .. {}", format, kImageFormats - 1));
  file.format = static_cast<ImageFormat>(format);
  file.model = r.digest();
  file.original = r.digest();
  file.numerics_version = r.number(0, 1 << 30, "a numerics version");
  const int64_t rank = r.number(1, kMaxRank, "a rank");
  int64_t symbols = 1;
  const auto dimension = [&](const char* what) {
    const int64_t value = r.number(1, kMaxCompressedSymbols / symbols, what);
    symbols *= value;
    return value;
  };
  for (int64_t i = 0; i < rank; ++i) file.shape.push_back(dimension("a dimension"));
  file.alphabet = r.number(2, 65536, "an alphabet");
  file.images = dimension("a number of images");
  const bool text = file.format != ImageFormat::kIdx && file.format != ImageFormat::kPng;
  if (!text && (rank != 2 || file.alphabet > 256 || (file.format == ImageFormat::kPng && file.images != 1))) {
    r.refuse(fmt::format("{} images of {} with {} symbols in {}", file.images, to_string(file.shape), file.alphabet,
                         name_of(file.format)));
  }
  std::vector<int64_t> sizes(static_cast<size_t>(streams_of(file.images)));
  for (int64_t& size : sizes) size = r.number(0, static_cast<int64_t>(bytes.size()), "the size of a stream");
  for (const int64_t size : sizes) file.streams.push_back(r.block(static_cast<uint64_t>(size)));
  if (r.left() != 0) r.refuse(fmt::format("{} bytes too many", r.left()));
  return file;
}

}  // namespace mlrun

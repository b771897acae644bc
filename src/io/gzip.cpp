#include "io/gzip.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/byte_store.hpp"
#include "io/descriptor.hpp"
#include "io/file.hpp"

namespace mlrun::io {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way of saying: the largest window, gzip wrapping only
constexpr size_t kPiece = 1 << 30;    // zlib counts in 32 bits

uInt piece(size_t size) { return static_cast<uInt>(std::min(size, kPiece)); }
Bytef* zlib_bytes(const std::byte* p) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(p)); }

// Unpacks concatenated members that arrive piece by piece from `fill`, which writes at most so many bytes and says how
// many; 0: there are no more.
class Gunzip {
 public:
  using Fill = std::function<size_t(std::byte*, size_t)>;
  Gunzip(Fill fill, std::string name, uint64_t max_bytes)
      : fill_(std::move(fill)), name_(std::move(name)), max_bytes_(max_bytes), packed_(kPacked) {
    look_ahead();
    if (!is_gzip(ahead())) refuse("it does not start with 1f 8b");
    require(inflateInit2(&stream_, kGzipWindow) == Z_OK, "zlib cannot start");
    closer_.reset(&stream_);
  }

  // Fills `to` from its beginning, and says how many bytes came; fewer than fit: the end.
  size_t read(std::span<std::byte> to) {
    size_t filled = 0;
    while (filled < to.size() && !ended_) {
      if (at_ == end_) look_ahead();
      const uInt offered = piece(end_ - at_), room = piece(to.size() - filled);
      stream_.next_in = zlib_bytes(packed_.data() + at_);
      stream_.avail_in = offered;
      stream_.next_out = zlib_bytes(to.data() + filled);
      stream_.avail_out = room;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      at_ += offered - stream_.avail_in;
      filled += room - stream_.avail_out;
      out_ += room - stream_.avail_out;
      // Output grows by what arrives, never by what the file announces.
      if (out_ > max_bytes_) {
        fail(ExitCode::kData, "{}: it unpacks to more than the {} bytes allowed here", name_, max_bytes_);
      }
      if (result == Z_STREAM_END) {
        next_member();
      } else if (result == Z_BUF_ERROR || (result == Z_OK && at_ == end_ && stream_.avail_out > 0)) {
        look_ahead();
        if (at_ == end_) refuse(fmt::format("it ends in the middle, after {} bytes", before_ + end_));
      } else if (result == Z_NEED_DICT || result == Z_DATA_ERROR) {
        refuse(fmt::format("{} near byte {}", stream_.msg ? stream_.msg : "invalid data", before_ + at_));
      } else {
        require(result == Z_OK, "zlib: error {} while unpacking {}", result, name_);
      }
    }
    return filled;
  }

 private:
  static constexpr size_t kPacked = 1 << 18;

  [[noreturn]] void refuse(const std::string& why) { fail(ExitCode::kData, "{}: damaged gzip file: {}", name_, why); }
  std::span<const std::byte> ahead() const { return packed_.span().subspan(at_, end_ - at_); }
  // Moves what is left to the front and fills up behind it.
  void look_ahead() {
    std::copy(packed_.data() + at_, packed_.data() + end_, packed_.data());
    before_ += at_;
    end_ -= at_;
    at_ = 0;
    for (size_t got = 1; end_ < packed_.size() && got > 0; end_ += got)
      got = fill_(packed_.data() + end_, packed_.size() - end_);
  }
  void next_member() {
    if (end_ - at_ < 2) look_ahead();
    if (at_ == end_) {
      ended_ = true;
      return;
    }
    if (!is_gzip(ahead())) {
      uint64_t follow = end_ - at_;
      while (const size_t got = fill_(packed_.data(), packed_.size())) follow += got;
      refuse(fmt::format("{} bytes follow its end", follow));
    }
    require(inflateReset(&stream_) == Z_OK, "zlib cannot start again");
  }

  Fill fill_;
  std::string name_;
  uint64_t max_bytes_, out_ = 0, before_ = 0;  // before_: bytes of the file in front of the first of packed_
  Bytes packed_;
  size_t at_ = 0, end_ = 0;
  bool ended_ = false;
  z_stream stream_ = {};
  std::unique_ptr<z_stream, int (*)(z_stream*)> closer_{nullptr, inflateEnd};
};

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

Bytes gunzip(std::span<const std::byte> packed, const std::string& name, uint64_t max_bytes) {
  size_t at = 0;
  const auto fill = [&](std::byte* to, size_t room) {
    const size_t size = std::min(room, packed.size() - at);
    std::copy_n(packed.data() + at, size, to);
    at += size;
    return size;
  };
  Gunzip stream(fill, name, max_bytes);
  // One byte past the cap is where reading stops.
  const size_t limit = static_cast<size_t>(std::min<uint64_t>(max_bytes, std::numeric_limits<size_t>::max() - 1)) + 1;
  Bytes plain(std::min(limit, std::max<size_t>(packed.size() * 4, 4096)));
  size_t out = stream.read(plain.span());
  while (out == plain.size()) {
    plain.resize(std::min(limit, plain.size() + plain.size() / 2));
    out += stream.read(plain.span().subspan(out));
  }
  plain.resize(out);
  return plain;
}

Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes) {
  Bytes contents = read_file(path, max_bytes, ExitCode::kData);
  return is_gzip(contents.span()) ? gunzip(contents.span(), path, max_bytes) : std::move(contents);
}

Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes, const std::string& folder) {
  PieceReader pieces(path, max_bytes);
  ByteStore store(folder);
  for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) store.append(piece);
  return std::move(store).finish();
}

// The file, and what unpacks it where it is packed.
class PieceReader::Source {
 public:
  Source(const std::string& path, uint64_t max_bytes)
      : path_(path), max_bytes_(max_bytes), file_(path, O_RDONLY), head_(2) {
    struct stat status = {};
    if (file_.value() < 0 || ::fstat(file_.value(), &status) != 0) refuse(errno);
    if (S_ISDIR(status.st_mode)) fail(ExitCode::kData, "cannot read {}: it is a directory", path_);
    if (status.st_size > 0 && static_cast<uint64_t>(status.st_size) > max_bytes_) too_large();
    head_.resize(fill(head_.data(), head_.size()));
    if (is_gzip(head_)) {
      unpacked_.emplace([this](std::byte* to, size_t room) { return take(to, room); }, path_, max_bytes_);
    }
  }

  size_t read(std::span<std::byte> to) { return unpacked_ ? unpacked_->read(to) : take(to.data(), to.size()); }

 private:
  [[noreturn]] void refuse(int error) {
    fail(ExitCode::kData, "cannot read {}: {}", path_, std::generic_category().message(error));
  }
  [[noreturn]] void too_large() {
    fail(ExitCode::kData, "cannot read {}: it is larger than the {} bytes allowed here", path_, max_bytes_);
  }
  // Of the file: the first two bytes, which were looked at already, come again.
  size_t take(std::byte* to, size_t room) {
    const size_t again = std::min(room, head_.size());
    std::copy_n(head_.begin(), again, to);
    head_.erase(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(again));
    return again + fill(to + again, room - again);
  }
  size_t fill(std::byte* to, size_t room) {
    size_t filled = 0;
    while (filled < room) {
      const ssize_t got = ::read(file_.value(), to + filled, room - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) refuse(errno);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    if ((taken_ += filled) > max_bytes_) too_large();
    return filled;
  }

  std::string path_;
  uint64_t max_bytes_, taken_ = 0;
  Descriptor file_;
  std::vector<std::byte> head_;
  std::optional<Gunzip> unpacked_;
};

PieceReader::PieceReader(const std::string& path, uint64_t max_bytes)
    : source_(std::make_unique<Source>(path, max_bytes)), piece_(1 << 18) {}
PieceReader::~PieceReader() = default;

std::span<const std::byte> PieceReader::next() { return piece_.span().first(source_->read(piece_.span())); }

Bytes gzip(std::span<const std::byte> plain) {
  z_stream stream = {};
  require(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, deflateEnd);
  Bytes packed(deflateBound(&stream, plain.size()) + 64);
  size_t in = 0, out = 0;
  for (int result = Z_OK; result != Z_STREAM_END;) {
    const uInt offered = piece(plain.size() - in), room = piece(packed.size() - out);
    stream.next_in = zlib_bytes(plain.data() + in);
    stream.avail_in = offered;
    stream.next_out = zlib_bytes(packed.data() + out);
    stream.avail_out = room;
    result = deflate(&stream, in + offered == plain.size() ? Z_FINISH : Z_NO_FLUSH);
    require(result == Z_OK || result == Z_STREAM_END, "zlib: error {} while packing", result);
    in += offered - stream.avail_in;
    out += room - stream.avail_out;
  }
  packed.resize(out);
  return packed;
}

}  // namespace mlrun::io

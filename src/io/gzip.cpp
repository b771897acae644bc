#include "io/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "io/file.hpp"

namespace mlrun::io {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way of saying: the largest window, gzip wrapping only
constexpr size_t kPiece = 1 << 30;    // zlib counts in 32 bits

uInt piece(size_t size) { return static_cast<uInt>(std::min(size, kPiece)); }
Bytef* zlib_bytes(const std::byte* p) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(p)); }

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

Bytes gunzip(std::span<const std::byte> packed, const std::string& name, uint64_t max_bytes) {
  const auto refuse = [&](const std::string& why) { fail(ExitCode::kData, "{}: damaged gzip file: {}", name, why); };
  if (!is_gzip(packed)) refuse("it does not start with 1f 8b");
  z_stream stream = {};
  require(inflateInit2(&stream, kGzipWindow) == Z_OK, "zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);

  // Grows by what arrives, never by what the file announces, and stops one byte past the cap.
  const size_t limit = static_cast<size_t>(std::min<uint64_t>(max_bytes, std::numeric_limits<size_t>::max() - 1)) + 1;
  Bytes plain(std::min(limit, std::max<size_t>(packed.size() * 4, 4096)));
  size_t in = 0, out = 0;
  for (;;) {
    if (out == plain.size()) {
      if (out == limit) {
        fail(ExitCode::kData, "{}: it unpacks to more than the {} bytes allowed here", name, max_bytes);
      }
      plain.resize(std::min(limit, plain.size() + plain.size() / 2));
    }
    const uInt offered = piece(packed.size() - in), room = piece(plain.size() - out);
    stream.next_in = zlib_bytes(packed.data() + in);
    stream.avail_in = offered;
    stream.next_out = zlib_bytes(plain.data() + out);
    stream.avail_out = room;
    const int result = inflate(&stream, Z_NO_FLUSH);
    in += offered - stream.avail_in;
    out += room - stream.avail_out;
    if (result == Z_STREAM_END) {
      if (in == packed.size()) break;
      if (!is_gzip(packed.subspan(in))) refuse(fmt::format("{} bytes follow its end", packed.size() - in));
      require(inflateReset(&stream) == Z_OK, "zlib cannot start again");  // the next member
    } else if (result == Z_BUF_ERROR || (result == Z_OK && in == packed.size() && stream.avail_out > 0)) {
      refuse(fmt::format("it ends in the middle, after {} bytes", packed.size()));
    } else if (result == Z_NEED_DICT || result == Z_DATA_ERROR) {
      refuse(fmt::format("{} near byte {}", stream.msg ? stream.msg : "invalid data", in));
    } else {
      require(result == Z_OK, "zlib: error {} while unpacking {}", result, name);
    }
  }
  if (out > max_bytes) fail(ExitCode::kData, "{}: it unpacks to more than the {} bytes allowed here", name, max_bytes);
  plain.resize(out);
  return plain;
}

Bytes read_maybe_gzip(const std::string& path, uint64_t max_bytes) {
  Bytes contents = read_file(path, max_bytes, ExitCode::kData);
  return is_gzip(contents.span()) ? gunzip(contents.span(), path, max_bytes) : std::move(contents);
}

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

#include "data/cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>

#include "base/error.hpp"
#include "base/log.hpp"
#include "data/cache_folder.hpp"
#include "io/byte_store.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/new_file.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

// A packed file: magic, SHA-256 of the label, SHA-256 of the content, size of the label, the label (which is the full
// key), the content. Two sums, so that the content's own is checked and becomes DataContent::hash in one pass.
constexpr std::string_view kMagic = "mlrun packed data 2\n";
constexpr size_t kDigest = sizeof(io::Digest);
constexpr size_t kLabel = kMagic.size() + 2 * kDigest + 4;  // where the label begins

constexpr size_t kSummedAtOnce = 1 << 20;  // bytes; the memory of those is then given back

struct CopyFailed {  // the disk, or the folder: no fault of the data
  std::string why;
};

// Where it really is; as it was given where that cannot be known.
std::string resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path found = std::filesystem::canonical(path, error);
  return error ? path : found.string();
}

std::string label_of(const CacheKey& key) {
  std::string label = key.kind + "\n" + key.options + "\n";
  for (const std::string& path : key.files) label += resolved(path) + "\n" + file_identity(path) + "\n";
  return label;
}

// The name leaves out sizes, times and content, so a copy that is out of date is replaced and none piles up.
std::string name_of(const CacheKey& key) {
  std::string text = key.kind + "\n" + key.options + "\n";
  for (const std::string& path : key.files) text += resolved(path) + "\n";
  return key.kind + "-" + io::sha256_hex(text).substr(0, 16) + kPackedEnding;
}

std::string prefix_of(const io::Digest& content, const std::string& label) {
  std::string prefix(kMagic);
  const auto add = [&](const io::Digest& digest) {
    prefix.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  add(io::sha256(io::bytes_of(label)));
  add(content);
  for (int shift = 0; shift < 32; shift += 8) prefix.push_back(static_cast<char>(label.size() >> shift & 0xff));
  return prefix + label;
}

io::Digest digest_of(const std::string& hexadecimal) {
  io::Digest digest;
  for (size_t i = 0; i < kDigest; ++i) {
    digest[i] = static_cast<std::byte>(std::stoi(hexadecimal.substr(2 * i, 2), nullptr, 16));
  }
  return digest;
}

uint32_t label_size(std::string_view head) {
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i)
    size |= static_cast<uint32_t>(static_cast<unsigned char>(head[kLabel - 4 + i])) << (8 * i);
  return size;
}

// What a good copy holds, mapped, and the SHA-256 of it.
struct Copy {
  PackedBytes body;
  io::Digest sum;
};
std::optional<Copy> read_packed(const std::string& path, const std::string& label) {
  if (!io::exists(path)) return std::nullopt;
  const auto file = std::make_shared<const io::Bytes>(io::map_file(path, kCacheBytes, ExitCode::kData));
  const std::string_view text = file->text();
  const size_t offset = kLabel + label.size();
  if (text.size() < offset || !text.starts_with(kMagic) || text.substr(kLabel, label.size()) != label)
    return std::nullopt;
  const io::Digest label_sum = io::sha256(io::bytes_of(label));
  const std::byte* sums = file->data() + kMagic.size();
  if (label_size(text) != label.size() || !std::equal(label_sum.begin(), label_sum.end(), sums)) return std::nullopt;
  io::Sha256 sha;
  for (size_t begin = offset; begin < file->size(); begin += kSummedAtOnce) {
    const size_t end = std::min(file->size(), begin + kSummedAtOnce);
    sha.update(file->span().subspan(begin, end - begin));
    file->pass_over(end);
  }
  const io::Digest content_sum = sha.digest();
  if (!std::equal(content_sum.begin(), content_sum.end(), sums + kDigest)) return std::nullopt;
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // it was used now
  return Copy{{file, file->span().subspan(offset)}, content_sum};
}

void write_packed(const std::string& path, const DataContent& content, const std::string& label) {
  const std::string prefix = prefix_of(digest_of(content.hash), label), header = content_header(content);
  const auto body = content_body(content);
  uint64_t bytes = prefix.size() + header.size();
  for (const auto block : body) bytes += block.size();
  if (bytes > kCacheBytes) fail(ExitCode::kData, "{} bytes are more than the cache may hold", bytes);
  io::write_atomically(
      path, {io::bytes_of(prefix), io::bytes_of(header), body[0], body[1], body[2], body[3], body[4], body[5]});
}

// Writes what `build` makes into a copy, and gives it back mapped; of more than the cache may hold the copy has no
// name, and goes with its reader.
PackedBytes write_packed(const std::string& folder, const std::string& name, const std::string& label,
                         const std::function<void(const ByteSink&)>& build) {
  std::optional<io::NewFile> made;
  try {
    io::make_directories(folder);
    made.emplace(folder + "/" + name);
  } catch (const Error& error) {
    throw CopyFailed{error.what()};
  }
  io::NewFile& file = *made;
  const auto append = [&](std::span<const std::byte> bytes) {
    try {
      file.append(bytes);
    } catch (const Error& error) {
      throw CopyFailed{error.what()};
    }
  };
  append(io::bytes_of(prefix_of({}, label)));
  io::Sha256 sha;
  build([&](std::span<const std::byte> bytes) {
    sha.update(bytes);
    append(bytes);
  });
  try {
    file.overwrite(0, io::bytes_of(prefix_of(sha.digest(), label)));
    const auto whole = std::make_shared<const io::Bytes>(file.map());
    if (file.size() <= kCacheBytes) file.commit();
    bound_cache(folder, kCacheBytes, name);
    return {whole, whole->span().subspan(kLabel + label.size())};
  } catch (const Error& error) {
    throw CopyFailed{error.what()};
  }
}

}  // namespace

std::string file_identity(const std::string& path) {
  constexpr off_t kPiece = 1 << 20, kPieces = 16;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) {
    if (file >= 0) ::close(file);
    return "";
  }
  io::Sha256 hash;
  std::vector<std::byte> piece(static_cast<size_t>(std::clamp<off_t>(status.st_size, 0, kPiece)));
  const off_t last = status.st_size - static_cast<off_t>(piece.size());  // where the last piece begins
  for (off_t i = 0; i < kPieces && S_ISREG(status.st_mode); ++i) {
    const off_t begin = last <= (kPieces - 1) * kPiece ? i * kPiece : last / (kPieces - 1) * i;
    if (begin >= std::max<off_t>(status.st_size, 1)) break;
    const ssize_t got = ::pread(file, piece.data(), piece.size(), i + 1 == kPieces ? std::max(begin, last) : begin);
    if (got > 0) hash.update(std::span<const std::byte>(piece).first(static_cast<size_t>(got)));
  }
  ::close(file);
  const auto time = [](const timespec& t) { return fmt::format("{}.{:09}", int64_t{t.tv_sec}, int64_t{t.tv_nsec}); };
  return fmt::format("{} {} {} {} {} {}", uint64_t{status.st_dev}, uint64_t{status.st_ino}, int64_t{status.st_size},
                     time(status.st_mtim), time(status.st_ctim), hash.hex());
}

DataContent cached(const std::string& folder, const CacheKey& key, const std::function<DataContent()>& build) {
  const std::string name = folder.empty() ? "" : name_of(key), path = folder + "/" + name;
  // Before building: a source that changes meanwhile makes the copy stale.
  const std::string label = folder.empty() ? "" : label_of(key);
  if (!folder.empty()) {
    try {
      if (auto copy = read_packed(path, label)) {
        if (auto content = unpack_content(copy->body.owner, copy->body.bytes)) {
          content->hash = io::hex(copy->sum);
          return std::move(*content);
        }
      }
    } catch (const Error& error) {
      log::debug("packed copy not used: {}", error.what());
    }
  }
  DataContent content = build();
  set_hash(content);
  for (const std::string& warning : content.warnings) log::warning("{}", warning);
  if (!folder.empty() && content.warnings.empty() && content.names.classes.empty()) {
    try {
      io::make_directories(folder);
      write_packed(path, content, label);
      bound_cache(folder, kCacheBytes, name);
    } catch (const Error& error) {
      log::debug("packed copy not written: {}", error.what());
    }
  }
  return content;
}

PackedBytes cached_bytes(const std::string& folder, const CacheKey& key,
                         const std::function<void(const ByteSink&)>& build) {
  if (!folder.empty()) {
    const std::string name = name_of(key), label = label_of(key);
    try {
      if (auto copy = read_packed(folder + "/" + name, label)) return std::move(copy->body);
    } catch (const Error& error) {
      log::debug("packed copy not used: {}", error.what());
    }
    try {
      return write_packed(folder, name, label, build);
    } catch (const CopyFailed& failed) {
      log::debug("packed copy not written: {}", failed.why);
    }
  }
  io::ByteStore store;
  build([&](std::span<const std::byte> bytes) { store.append(bytes); });
  const auto whole = std::make_shared<const io::Bytes>(std::move(store).finish());
  return {whole, whole->span()};
}

std::optional<CacheKey> packed_source(std::string_view head) {
  if (head.size() < kLabel || !head.starts_with(kMagic)) return std::nullopt;
  std::vector<std::string> lines;
  std::string_view rest = head.substr(kLabel, label_size(head));
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (lines.size() < 2) return std::nullopt;
  CacheKey key{lines[0], lines[1], {}};
  for (size_t i = 2; i + 1 < lines.size(); i += 2) key.files.push_back(lines[i]);
  return key;
}

}  // namespace mlrun

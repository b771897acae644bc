#include "data/cache.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

// A packed file: magic, SHA-256 of the label, SHA-256 of the content, size of the label, the label (which is the full
// key), the content. Two sums, so that the content's own is checked and becomes DataContent::hash in one pass.
constexpr std::string_view kMagic = "mlrun packed data 1\n";
constexpr size_t kDigest = sizeof(io::Digest);
constexpr size_t kLabel = kMagic.size() + 2 * kDigest + 4;  // where the label begins
constexpr uint64_t kMaxBytes = uint64_t{1} << 33;

std::string label_of(const CacheKey& key) {
  std::string label = key.kind + "\n" + key.options + "\n";
  for (const std::string& path : key.files) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) status = {};
    label += fmt::format("{}\n{} {}.{:09}\n", path, static_cast<int64_t>(status.st_size),
                         static_cast<int64_t>(status.st_mtim.tv_sec), static_cast<int64_t>(status.st_mtim.tv_nsec));
  }
  return label;
}

// The name leaves out sizes and times, so a copy that is out of date is replaced and none piles up.
std::string path_of(const std::string& folder, const CacheKey& key) {
  std::string text = key.kind + "\n" + key.options + "\n";
  for (const std::string& path : key.files) text += path + "\n";
  return folder + "/" + key.kind + "-" + io::sha256_hex(text).substr(0, 16) + ".packed";
}

std::string prefix_of(const DataContent& content, const std::string& label) {
  std::string prefix(kMagic);
  const auto add = [&](const io::Digest& digest) {
    prefix.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  add(io::sha256(io::bytes_of(label)));
  for (size_t i = 0; i < kDigest; ++i) {  // the hash, back from hexadecimal
    prefix.push_back(static_cast<char>(std::stoi(content.hash.substr(2 * i, 2), nullptr, 16)));
  }
  for (int shift = 0; shift < 32; shift += 8) prefix.push_back(static_cast<char>(label.size() >> shift & 0xff));
  return prefix + label;
}

std::optional<DataContent> read_packed(const std::string& path, const std::string& label) {
  if (!io::exists(path)) return std::nullopt;
  io::Bytes file = io::read_file(path, kMaxBytes, ExitCode::kData);
  const std::string_view text = file.text();
  const size_t offset = kLabel + label.size();
  if (text.size() < offset || !text.starts_with(kMagic) || text.substr(kLabel, label.size()) != label)
    return std::nullopt;
  uint32_t label_size = 0;
  for (size_t i = 0; i < 4; ++i) {
    label_size |= static_cast<uint32_t>(static_cast<unsigned char>(text[kLabel - 4 + i])) << (8 * i);
  }
  const io::Digest label_sum = io::sha256(io::bytes_of(label)), content_sum = io::sha256(file.span().subspan(offset));
  const std::byte* sums = file.data() + kMagic.size();
  if (label_size != label.size() || !std::equal(label_sum.begin(), label_sum.end(), sums) ||
      !std::equal(content_sum.begin(), content_sum.end(), sums + kDigest)) {
    return std::nullopt;
  }
  auto content = unpack_content(std::move(file), offset);
  if (content) content->hash = io::hex(content_sum);
  return content;
}

void write_packed(const std::string& path, const DataContent& content, const std::string& label) {
  const std::string prefix = prefix_of(content, label), header = content_header(content);
  const auto body = content_body(content);
  io::write_atomically(
      path, {io::bytes_of(prefix), io::bytes_of(header), body[0], body[1], body[2], body[3], body[4], body[5]});
}

}  // namespace

DataContent cached(const std::string& folder, const CacheKey& key, const std::function<DataContent()>& build) {
  const std::string path = folder.empty() ? "" : path_of(folder, key);
  const std::string label = label_of(key);  // before building: a source that changes meanwhile makes the copy stale
  if (!folder.empty()) {
    try {
      if (auto content = read_packed(path, label)) return std::move(*content);
    } catch (const Error& error) {
      log::debug("packed copy not used: {}", error.what());
    }
  }
  DataContent content = build();
  set_hash(content);
  if (!folder.empty()) {
    try {
      io::make_directories(folder);
      write_packed(path, content, label);
    } catch (const Error& error) {
      log::debug("packed copy not written: {}", error.what());
    }
  }
  return content;
}

}  // namespace mlrun

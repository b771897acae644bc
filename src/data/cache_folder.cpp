#include "data/cache_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "data/cache.hpp"
#include "io/directory.hpp"

namespace mlrun {
namespace {

namespace fs = std::filesystem;

bool is_copy(const std::string& name) { return name.ends_with(kPackedEnding); }
bool is_temporary(const std::string& name) {
  return name.ends_with(".tmp") && name.find(std::string(kPackedEnding) + ".") != std::string::npos;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

// Whether there is such a regular file, and its size and time.
bool look(const std::string& path, uint64_t* bytes, std::time_t* time) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  *bytes = static_cast<uint64_t>(status.st_size);
  *time = status.st_mtim.tv_sec;
  return true;
}

void describe(CacheEntry& entry, const std::string& path) {
  constexpr size_t kMost = 1 << 16;
  std::string head(kMost, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  if (const auto source = packed_source(head)) {
    entry.content = source->kind + " " + source->options;
    entry.files = source->files;
  }
}

std::vector<CacheEntry> entries(const std::string& folder) {
  std::vector<CacheEntry> found;
  for (const std::string& name : names_in(folder)) {
    CacheEntry entry;
    entry.name = name;
    if (is_copy(name) && look(folder + "/" + name, &entry.bytes, &entry.used)) found.push_back(std::move(entry));
  }
  std::sort(found.begin(), found.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return a.used != b.used ? a.used > b.used : a.name < b.name;
  });
  return found;
}

}  // namespace

std::vector<CacheEntry> cache_entries(const std::string& folder) {
  std::vector<CacheEntry> found = entries(folder);
  for (CacheEntry& entry : found) describe(entry, folder + "/" + entry.name);
  return found;
}

void bound_cache(const std::string& folder, uint64_t most, const std::string& keep) {
  constexpr std::time_t kHour = 3600;
  std::error_code ignored;
  uint64_t bytes = 0, left = most;
  std::time_t time = 0;
  for (const std::string& name : names_in(folder)) {
    const std::string path = folder + "/" + name;
    if (is_temporary(name) && look(path, &bytes, &time) && time < std::time(nullptr) - kHour) fs::remove(path, ignored);
  }
  const std::vector<CacheEntry> found = entries(folder);
  for (const CacheEntry& entry : found) {
    if (entry.name == keep) left -= std::min(left, entry.bytes);
  }
  for (const CacheEntry& entry : found) {
    if (entry.name == keep) continue;
    if (entry.bytes <= left) left -= entry.bytes;
    else left = 0, fs::remove(folder + "/" + entry.name, ignored);  // and so does every older one
  }
}

void clear_cache(const std::string& folder) {
  for (const std::string& name : names_in(folder)) {
    if (is_copy(name) || is_temporary(name)) io::remove_file(folder + "/" + name);
  }
}

}  // namespace mlrun

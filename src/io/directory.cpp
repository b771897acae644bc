#include "io/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/error.hpp"
#include "io/file.hpp"

namespace mlrun::io {
namespace fs = std::filesystem;

void make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error) && !error) error = std::make_error_code(std::errc::not_a_directory);
  if (error) fail(ExitCode::kDisk, "cannot make the directory {}: {}", path, error.message());
}

bool make_directory_exclusive(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return true;
  if (errno == EEXIST) return false;
  fail(ExitCode::kDisk, "cannot make the directory {}: {}", path, std::generic_category().message(errno));
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) fail(ExitCode::kDisk, "cannot list the directory {}: {}", path, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// access(2) would not do: it says yes on a full disk, and to root everywhere.
void require_writable(const std::string& directory) {
  const std::string probe = fmt::format("{}/.writable-{}", directory, ::getpid());
  write_atomically(probe, "probe\n");
  remove_file(probe);
}

uint64_t free_bytes(const std::string& directory) {
  struct statvfs status = {};
  int result;
  do result = ::statvfs(directory.c_str(), &status);
  while (result != 0 && errno == EINTR);
  if (result != 0) {
    fail(ExitCode::kDisk, "cannot ask for the free space of {}: {}", directory, std::generic_category().message(errno));
  }
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

void remove_file(const std::string& path) {
  int result;
  do result = ::unlink(path.c_str());
  while (result != 0 && errno == EINTR);
  if (result != 0 && errno != ENOENT) {
    fail(ExitCode::kDisk, "cannot remove {}: {}", path, std::generic_category().message(errno));
  }
}

}  // namespace mlrun::io

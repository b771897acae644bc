#include "io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <system_error>

namespace mlrun::io {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// A descriptor that is closed whatever happens; `close` says whether that went well.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0) {
    do value_ = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (value_ < 0 && errno == EINTR);
  }
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }
  bool close() {
    if (value_ < 0) return true;
    const int result = ::close(std::exchange(value_, -1));
    return result == 0 || errno == EINTR;  // Linux has closed it in that case too
  }

 private:
  int value_ = -1;
};

bool sync(int descriptor) {
  int result;
  do result = ::fsync(descriptor);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string temporary_name(const std::string& path) {
  std::random_device random;  // a name, not a number of the experiment
  return fmt::format("{}.{}-{:08x}.tmp", path, ::getpid(), random());
}

// Writes all of `bytes`; false leaves the reason in errno.
bool write_all(int descriptor, std::span<const std::byte> bytes) {
  constexpr size_t kMost = 1 << 30;  // write(2) itself stops at 2 GiB
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), std::min(bytes.size(), kMost));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Bytes read_file(const std::string& path, uint64_t max_bytes, ExitCode code) {
  const auto refuse = [&](const std::string& why) { fail(code, "cannot read {}: {}", path, why); };
  const Descriptor file(path, O_RDONLY);
  struct stat status = {};
  if (file.value() < 0 || ::fstat(file.value(), &status) != 0) refuse(reason(errno));
  if (S_ISDIR(status.st_mode)) refuse("it is a directory");
  const auto too_large = [&] { refuse(fmt::format("it is larger than the {} bytes allowed here", max_bytes)); };
  if (status.st_size > 0 && static_cast<uint64_t>(status.st_size) > max_bytes) too_large();

  // One byte more than it says, so that the end is seen without growing; a pipe or /proc file says 0.
  Bytes contents(static_cast<size_t>(status.st_size) + 1);
  size_t filled = 0;
  for (;;) {
    if (filled == contents.size()) contents.resize(contents.size() + std::max<size_t>(contents.size() / 2, 1 << 16));
    const ssize_t got = ::read(file.value(), contents.data() + filled, contents.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(reason(errno));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    if (filled > max_bytes) too_large();
  }
  contents.resize(filled);
  return contents;
}

std::string read_text_file(const std::string& path, uint64_t max_bytes, ExitCode code) {
  return std::string(read_file(path, max_bytes, code).text());
}

void write_atomically(const std::string& path, std::span<const std::byte> contents) {
  write_atomically(path, {contents});
}

void write_atomically(const std::string& path, std::string_view contents) {
  write_atomically(path, {bytes_of(contents)});
}

void write_atomically(const std::string& path, std::initializer_list<std::span<const std::byte>> parts) {
  size_t total = 0;
  for (const auto& part : parts) total += part.size();
  const auto give_up = [&](const char* doing, int error) {
    fail(ExitCode::kDisk, "cannot write {} ({} bytes): {}: {}", path, total, doing, reason(error));
  };
  // A rename would put an ordinary file in the place of /dev/null.
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fail(ExitCode::kDisk, "cannot write {} ({} bytes): it exists and is not a regular file", path, total);
  }

  const std::string temporary = temporary_name(path);
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file.value() < 0) give_up("creating a temporary file beside it", errno);
  const auto abandon = [&](const char* doing, int error) {
    file.close();
    ::unlink(temporary.c_str());
    give_up(doing, error);
  };
  for (const auto& part : parts) {
    if (!write_all(file.value(), part)) abandon("writing", errno);
  }
  if (!sync(file.value())) abandon("flushing to the disk", errno);
  if (!file.close()) abandon("closing", errno);
  int renamed;
  do renamed = ::rename(temporary.c_str(), path.c_str());
  while (renamed != 0 && errno == EINTR);
  if (renamed != 0) abandon("renaming the temporary file", errno);

  // The new name is on the disk only once the directory is. Some file systems cannot flush one and say EINVAL.
  const Descriptor directory(directory_of(path), O_RDONLY | O_DIRECTORY);
  if (directory.value() < 0) give_up("opening its directory", errno);
  if (!sync(directory.value()) && errno != EINVAL && errno != ENOTSUP) give_up("flushing its directory", errno);
}

// path.PID-8HEX.tmp
bool is_temporary(const std::string& name) {
  constexpr size_t kTail = sizeof("-01234567.tmp") - 1;
  if (name.size() < kTail + 3 || !name.ends_with(".tmp") || name[name.size() - kTail] != '-') return false;
  const std::string_view random = std::string_view(name).substr(name.size() - kTail + 1, 8);
  if (random.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  const size_t dot = name.rfind('.', name.size() - kTail);
  const std::string_view pid = std::string_view(name).substr(dot + 1, name.size() - kTail - dot - 1);
  return dot != std::string::npos && dot > 0 && !pid.empty() &&
         pid.find_first_not_of("0123456789") == std::string_view::npos;
}

int remove_stale_temporaries(const std::string& directory) {
  int removed = 0;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it(directory, ignored), end; it != end; it.increment(ignored)) {
    if (ignored) break;
    const std::string name = it->path().filename().string();
    if (is_temporary(name) && ::unlink(it->path().c_str()) == 0) ++removed;
  }
  return removed;
}

AppendFile::AppendFile(std::string path) : path_(std::move(path)) { open(); }

void AppendFile::open() {
  do descriptor_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  while (descriptor_ < 0 && errno == EINTR);
  error_ = descriptor_ < 0 ? errno : 0;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t AppendFile::append(std::string_view text) {
  if (descriptor_ < 0) open();
  if (descriptor_ < 0) return 0;
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = ::write(descriptor_, text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      error_ = got < 0 ? errno : ENOSPC;
      return written;
    }
    written += static_cast<size_t>(got);
  }
  error_ = 0;
  return written;
}

void AppendFile::sync() {
  if (descriptor_ >= 0) static_cast<void>(::fdatasync(descriptor_));
}

bool AppendFile::ends_in_newline() {
  struct stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || status.st_size == 0) return true;
  char last = '\n';
  return ::pread(descriptor_, &last, 1, status.st_size - 1) != 1 || last == '\n';
}

}  // namespace mlrun::io

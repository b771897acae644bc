#include "io/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "io/descriptor.hpp"
#include "io/new_file.hpp"

namespace mlrun::io {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

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

Bytes map_file(const std::string& path, uint64_t max_bytes, ExitCode code) {
  const Descriptor file(path, O_RDONLY);
  struct stat status = {};
  if (file.value() < 0 || ::fstat(file.value(), &status) != 0) fail(code, "cannot read {}: {}", path, reason(errno));
  if (S_ISREG(status.st_mode) && status.st_size > 0 && static_cast<uint64_t>(status.st_size) <= max_bytes) {
    const auto size = static_cast<size_t>(status.st_size);
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
    if (memory != MAP_FAILED) return Bytes::adopt_mapping(memory, size);
  }
  return read_file(path, max_bytes, code);
}

void write_atomically(const std::string& path, std::span<const std::byte> contents) {
  write_atomically(path, {contents});
}

void write_atomically(const std::string& path, std::string_view contents) {
  write_atomically(path, {bytes_of(contents)});
}

void write_atomically(const std::string& path, std::initializer_list<std::span<const std::byte>> parts) {
  uint64_t total = 0;
  for (const auto& part : parts) total += part.size();
  NewFile file(path, total);
  for (const auto& part : parts) file.append(part);
  file.commit();
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

#include "io/new_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>

#include "base/error.hpp"
#include "io/descriptor.hpp"

namespace mlrun::io {
namespace {

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

constexpr size_t kMost = 1 << 30;  // write(2) itself stops at 2 GiB

// Writes all of `bytes`; false leaves the reason in errno.
template <class Write>
bool write_all(std::span<const std::byte> bytes, Write write) {
  while (!bytes.empty()) {
    const ssize_t written = write(bytes.first(std::min(bytes.size(), kMost)));
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

NewFile::NewFile(std::string path, uint64_t expected) : path_(std::move(path)), expected_(expected) {
  // A rename would put an ordinary file in the place of /dev/null.
  struct stat status = {};
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fail(ExitCode::kDisk, "cannot write {} ({} bytes): it exists and is not a regular file", path_, expected_);
  }
  const std::string temporary = temporary_name(path_);
  file_ = std::make_unique<Descriptor>(temporary, O_RDWR | O_CREAT | O_EXCL, 0666);
  if (file_->value() < 0) give_up("creating a temporary file beside it", errno);
  temporary_ = temporary;
}

NewFile::~NewFile() {
  file_->close();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void NewFile::give_up(const char* doing, int error) {
  file_->close();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  fail(ExitCode::kDisk, "cannot write {} ({} bytes): {}: {}", path_, std::max(expected_, size_), doing,
       std::generic_category().message(error));
}

void NewFile::append(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  const auto write = [&](std::span<const std::byte> piece) {
    return ::write(file_->value(), piece.data(), piece.size());
  };
  if (!write_all(bytes, write)) give_up("writing", errno);
}

void NewFile::overwrite(uint64_t offset, std::span<const std::byte> bytes) {
  require(offset + bytes.size() <= size_, "overwriting {} bytes at {} of a file of {}", bytes.size(), offset, size_);
  const auto write = [&](std::span<const std::byte> piece) {
    const ssize_t written = ::pwrite(file_->value(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (written > 0) offset += static_cast<uint64_t>(written);
    return written;
  };
  if (!write_all(bytes, write)) give_up("writing", errno);
}

Bytes NewFile::map() {
  if (size_ == 0) return {};
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file_->value(), 0);
  if (memory == MAP_FAILED) give_up("mapping", errno);
  return Bytes::adopt_mapping(memory, size_);
}

void NewFile::commit() {
  if (!sync(file_->value())) give_up("flushing to the disk", errno);
  if (!file_->close()) give_up("closing", errno);
  int renamed;
  do renamed = ::rename(temporary_.c_str(), path_.c_str());
  while (renamed != 0 && errno == EINTR);
  if (renamed != 0) give_up("renaming the temporary file", errno);
  temporary_.clear();

  // The new name is on the disk only once the directory is. Some file systems cannot flush one and say EINVAL.
  const Descriptor directory(directory_of(path_), O_RDONLY | O_DIRECTORY);
  if (directory.value() < 0) give_up("opening its directory", errno);
  if (!sync(directory.value()) && errno != EINVAL && errno != ENOTSUP) give_up("flushing its directory", errno);
}

}  // namespace mlrun::io

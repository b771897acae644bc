#include "io/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/host_name.hpp"

namespace mlrun::io {
namespace {

int try_lock(int descriptor, int operation) {
  int result;
  do result = ::flock(descriptor, operation | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result;
}

bool lock_within(int descriptor, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause(5);
  for (;; patience -= kPause) {
    if (try_lock(descriptor, LOCK_EX) == 0) return true;
    if (errno != EWOULDBLOCK || patience < kPause) return false;
    std::this_thread::sleep_for(kPause);
  }
}

std::string first_line(int descriptor) {
  std::array<char, 320> text = {};
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  std::string line(text.data(), length > 0 ? static_cast<size_t>(length) : 0);
  const size_t end = line.find('\n');
  return end == std::string::npos ? "" : line.substr(0, end);
}

// The winner needs a moment between taking the lock and writing its name.
std::string wait_for_holder(int descriptor) {
  for (int i = 0; i < 20; ++i) {
    std::string holder = first_line(descriptor);
    if (!holder.empty()) return holder;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return "a process that has not written its name";
}

bool has_text(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

FileLock::FileLock(const std::string& path, std::chrono::milliseconds patience) {
  do descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0)
    fail(ExitCode::kDisk, "cannot make the lock {}: {}", path, std::generic_category().message(errno));
  if (!lock_within(descriptor_, patience)) {
    if (const int error = errno; error != EWOULDBLOCK) {
      ::close(descriptor_);
      fail(ExitCode::kDisk,
           "cannot lock {}: {}. The file system of this directory has no locks (flock), and without one two processes "
           "could write into one run\n"
           "  put runs on a local disk   export MLRUN_RUN_ROOT=/tmp/runs",
           path, std::generic_category().message(error));
    }
    const std::string holder = wait_for_holder(descriptor_);
    ::close(descriptor_);
    fail(ExitCode::kLocked, "{} is held by {}: another process works in this directory", path, holder);
  }
  // The name of the last holder is still there if it was killed. A full disk costs the name, not the lock.
  const std::string line = fmt::format("{}:{}\n", host_name(), ::getpid());
  const bool named = ::ftruncate(descriptor_, 0) == 0 &&
                     ::pwrite(descriptor_, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
  static_cast<void>(named);
}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  [[maybe_unused]] const int emptied = ::ftruncate(descriptor_, 0);
  ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::string lock_holder(const std::string& path, std::chrono::milliseconds patience) {
  // Looks at the name only: a look at the lock itself would keep the other from taking it.
  for (constexpr std::chrono::milliseconds kPause(10); patience >= kPause && !has_text(path); patience -= kPause) {
    std::this_thread::sleep_for(kPause);
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  // Shared, so that two who look do not see each other; given back at once.
  const bool held = try_lock(descriptor, LOCK_SH) != 0 && errno == EWOULDBLOCK;
  std::string holder = held ? wait_for_holder(descriptor) : "";
  ::close(descriptor);
  return holder;
}

}  // namespace mlrun::io

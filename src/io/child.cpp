#include "io/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.hpp"

namespace mlrun::io {
namespace {

constexpr int kPatienceSeconds = 60;

void limit(int resource, rlim_t most) {
  struct rlimit now = {};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &now) != 0) return;
  if (now.rlim_max != RLIM_INFINITY) most = std::min(most, now.rlim_max);
  const struct rlimit wanted = {most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted);
}

// Of addresses in use now: a sanitizer's shadow memory alone is terabytes.
uint64_t address_space() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void confine(pid_t parent, uint64_t memory_bytes) {
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int fatal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGXFSZ, SIGXCPU}) {
    sigdelset(&blocked, fatal);
    std::signal(fatal, SIG_DFL);
  }
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  if (const uint64_t used = address_space(); used > 0) limit(RLIMIT_AS, used + memory_bytes);
  limit(RLIMIT_NOFILE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
}

}  // namespace

Child::Child(uint64_t memory_bytes, const std::function<void(int out)>& body) {
  std::array<int, 2> ends = {};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe: {}", std::generic_category().message(errno));
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    confine(parent, memory_bytes);
    ::close(ends[0]);
    try {
      body(ends[1]);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  const int error = errno;
  ::close(ends[1]);
  in_ = ends[0];
  if (pid_ < 0) {
    ::close(in_);
    fail(ExitCode::kInternal, "no second process: {}", std::generic_category().message(error));
  }
}

Child::~Child() {
  fate();
  ::close(in_);
}

bool Child::read(void* to, size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    struct pollfd waiting = {in_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kPatienceSeconds * 1000);
    if (ready < 0 && errno == EINTR) continue;
    silent_ = ready == 0;
    if (ready <= 0) return false;
    const ssize_t got = ::read(in_, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::string Child::fate() {
  if (pid_ < 0) return "ended";
  int status = 0;
  pid_t ended = 0;
  // A child that closed its pipe is ending; one that still writes, or is lost, is ended.
  if (!silent_) {
    for (int i = 0; i < 100 && ended == 0; ++i) {
      struct pollfd closed = {in_, 0, 0};
      if (::poll(&closed, 1, 0) <= 0 || (closed.revents & POLLHUP) == 0) break;
      ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == 0) ::usleep(1000);
    }
  }
  if (ended == 0) {
    ::kill(pid_, SIGKILL);
    while ((ended = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  if (silent_) return fmt::format("said nothing for {} s", kPatienceSeconds);
  if (ended > 0 && WIFSIGNALED(status)) {
    return fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  }
  return "ended too early";
}

void write_to_parent(int out, const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = ::write(out, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) ::_exit(1);
    at += put;
    size -= static_cast<size_t>(put);
  }
}

}  // namespace mlrun::io

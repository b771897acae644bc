#include "io/lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <vector>

#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

// A child that calls `action` and leaves with what it returns, without running this process's exit handlers.
template <class Action>
pid_t child(const Action& action) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(action());
  REQUIRE(pid > 0);
  return pid;
}

int status_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int try_lock_in_child(const std::string& path) {
  try {
    const FileLock lock(path);
    return 0;
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  }
}

}  // namespace

TEST_CASE("a held lock is refused to another process, which learns who holds it") {
  const TemporaryDirectory directory;
  const std::string path = (directory / ".lock");
  std::optional<FileLock> lock(std::in_place, path);
  const std::string holder = lock_holder(path);
  CHECK_THAT(holder, Catch::EndsWith(fmt::format(":{}", ::getpid())));
  CHECK_THAT(message_of(ExitCode::kLocked, [&] { FileLock second(path); }),
             Catch::Contains(path) && Catch::Contains(holder));
  CHECK(status_of(child([&] { return try_lock_in_child(path); })) == static_cast<int>(ExitCode::kLocked));
  FileLock moved = std::move(*lock);
  lock.reset();
  CHECK(status_of(child([&] { return try_lock_in_child(path); })) == static_cast<int>(ExitCode::kLocked));
  moved = FileLock((directory / ".other"));
  CHECK(status_of(child([&] { return try_lock_in_child(path); })) == 0);
  CHECK(lock_holder(path).empty());
  CHECK(lock_holder((directory / "missing")).empty());
}

TEST_CASE("the lock of a process killed by -9 is free") {
  const TemporaryDirectory directory;
  const std::string path = (directory / ".lock");
  std::array<int, 2> ready = {};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t pid = child([&] {
    const FileLock lock(path);
    if (::write(ready[1], "x", 1) != 1) return 1;
    ::pause();
    return 0;
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK_THAT(lock_holder(path), Catch::EndsWith(fmt::format(":{}", pid)));
  CHECK_THROWS_AS(FileLock(path), Error);
  ::kill(pid, SIGKILL);
  status_of(pid);
  CHECK(lock_holder(path).empty());
  const FileLock lock(path);
  CHECK_THAT(lock_holder(path), Catch::EndsWith(fmt::format(":{}", ::getpid())));
  for (const int end : ready) ::close(end);
}

TEST_CASE("who only looks at a lock does not keep it from others") {
  const TemporaryDirectory directory;
  const std::string path = (directory / ".lock");
  { const FileLock made(path); }
  const pid_t looker = child([&] {
    for (;;) static_cast<void>(lock_holder(path));
    return 0;
  });
  for (int i = 0; i < 300; ++i) CHECK_NOTHROW(FileLock(path));
  ::kill(looker, SIGKILL);
  CHECK(status_of(looker) == -1);
}

TEST_CASE("a lock that is about to be taken is waited for") {
  const TemporaryDirectory directory;
  const std::string path = (directory / ".lock");
  const pid_t pid = child([&] {
    ::usleep(100'000);
    const FileLock lock(path);
    ::pause();
    return 0;
  });
  CHECK_THAT(lock_holder(path, std::chrono::seconds(60)), Catch::EndsWith(fmt::format(":{}", pid)));
  ::kill(pid, SIGKILL);
  status_of(pid);
}

TEST_CASE("of many processes at once exactly one gets the lock") {
  const TemporaryDirectory directory;
  const std::string path = (directory / ".lock");
  std::array<int, 2> start = {}, release = {};
  REQUIRE((::pipe(start.data()) == 0 && ::pipe(release.data()) == 0));
  std::vector<pid_t> children;
  for (int i = 0; i < 32; ++i) {
    children.push_back(child([&] {
      char byte = 0;
      ::close(start[1]);
      ::close(release[1]);
      if (::read(start[0], &byte, 1) != 0) return 1;  // returns when the parent closes its end
      try {
        const FileLock lock(path);
        return ::read(release[0], &byte, 1) == 0 ? 0 : 1;
      } catch (const Error& error) {
        return static_cast<int>(error.code());
      }
    }));
  }
  ::close(start[1]);
  // All losers leave by themselves; the winner waits for the parent.
  int locked = 0;
  for (int i = 0; i < 31; ++i) {
    int status = 0;
    REQUIRE(::waitpid(-1, &status, 0) > 0);
    locked += WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(ExitCode::kLocked);
  }
  CHECK(locked == 31);
  ::close(release[1]);
  int status = 0;
  REQUIRE(::waitpid(-1, &status, 0) > 0);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  ::close(start[0]);
  ::close(release[0]);
}

TEST_CASE("a lock that cannot be made is an error of the disk") {
  CHECK_THAT(message_of(ExitCode::kDisk, [] { FileLock lock("/nonexistent/.lock"); }),
             Catch::Contains("/nonexistent/.lock"));
}

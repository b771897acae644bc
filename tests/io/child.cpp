#include "io/child.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

constexpr uint64_t kMemory = uint64_t{256} << 20;

// What becomes of a child that runs `body` after it wrote one word.
std::string fate(const std::function<void()>& body) {
  Child child(kMemory, [&](int out) {
    write_to_parent(out, "word", 4);
    body();
  });
  char word[4] = {};
  CHECK(child.read(word, 4));
  CHECK(std::memcmp(word, "word", 4) == 0);
  CHECK_FALSE(child.read(word, 1));
  return child.fate();
}

}  // namespace

TEST_CASE("a child sends more than a pipe holds, and its end is seen") {
  std::vector<int> numbers(1 << 20);
  Child child(kMemory, [](int out) {
    std::vector<int> sent(1 << 20);
    for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<int>(i);
    write_to_parent(out, sent.data(), sent.size() * sizeof(int));
  });
  REQUIRE(child.read(numbers.data(), numbers.size() * sizeof(int)));
  CHECK(numbers[0] == 0);
  CHECK(numbers.back() == (1 << 20) - 1);
  CHECK_FALSE(child.read(numbers.data(), 1));
  CHECK(child.fate() == "ended too early");
}

TEST_CASE("a child that crashes, throws or is killed is told of, and this process goes on") {
  CHECK_THAT(fate([] { std::raise(SIGSEGV); }), Catch::Contains("signal 11"));
  CHECK_THAT(fate([] { std::abort(); }), Catch::Contains("signal 6"));
  CHECK_THAT(fate([] { std::raise(SIGKILL); }), Catch::Contains("signal 9"));
  CHECK(fate([] { throw std::runtime_error("x"); }) == "ended too early");
}

TEST_CASE("a child has no files, little memory, and does not take the signals of a terminal") {
  const TemporaryDirectory directory;
  const auto holds = [](const std::function<bool()>& claim) {
    Child child(kMemory, [&](int out) {
      const char answer = claim() ? 'y' : 'n';
      write_to_parent(out, &answer, 1);
    });
    char answer = '?';
    CHECK(child.read(&answer, 1));
    return answer == 'y';
  };
  CHECK(holds([&] { return ::open((directory / "x").c_str(), O_WRONLY | O_CREAT, 0600) < 0; }));
  CHECK(holds([] { return ::open("/dev/null", O_RDONLY) < 0; }));
  CHECK(holds([] { return std::raise(SIGINT) == 0 && std::raise(SIGTERM) == 0 && std::raise(SIGHUP) == 0; }));
  const auto can_map = [](size_t bytes) {
    return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  };
  CHECK(holds([&] { return !can_map(size_t{1} << 30); }));
  CHECK(holds([&] { return can_map(size_t{64} << 20); }));
}

TEST_CASE("a child that is no longer wanted is ended") {
  pid_t pid = 0;
  {
    Child child(kMemory, [](int out) {
      const pid_t own = ::getpid();
      write_to_parent(out, &own, sizeof own);
      for (;;) ::pause();
    });
    REQUIRE(child.read(&pid, sizeof pid));
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

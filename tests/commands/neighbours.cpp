#include "commands/train/neighbours.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "base/cpu.hpp"
#include "base/log.hpp"
#include "catch.hpp"
#include "temporary_directory.hpp"

using namespace mlrun;

namespace {

// A process with this name that computes, or sleeps, until it is destroyed.
class Process {
 public:
  Process(const char* name, bool computes) : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    ::prctl(PR_SET_NAME, name);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::atomic<bool> goes_on = true; goes_on;) {
      if (!computes) ::pause();
    }
  }
  ~Process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  int pid() const { return pid_; }

 private:
  pid_t pid_;
};

bool is_neighbour(int pid) {
  const std::vector<Neighbour> found = neighbours();
  return std::any_of(found.begin(), found.end(), [&](const Neighbour& n) { return n.pid == pid; });
}

// The child needs a moment to take its name.
bool becomes_neighbour(int pid) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (is_neighbour(pid)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

std::string warnings_of(const auto& action) {
  const test::TemporaryDirectory directory;
  const std::string name = directory / "log.txt";
  log::set_file(name);
  action();
  log::set_file("");
  std::ifstream stream(name);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("an mlrun that computes is a neighbour, one that sleeps or has another name is not") {
  const Process computing("mlrun", true), sleeping("mlrun", false), other("mlrun-other", true);
  CHECK(becomes_neighbour(computing.pid()));
  CHECK_FALSE(is_neighbour(sleeping.pid()));
  CHECK_FALSE(is_neighbour(other.pid()));
  CHECK_FALSE(is_neighbour(::getpid()));
}

TEST_CASE("sharing cores is told in one line with the pid and the remedy") {
  const Process computing("mlrun", true);
  REQUIRE(becomes_neighbour(computing.pid()));
  const int cores = static_cast<int>(affinity_cores().size());
  // Together one thread more than there are cores.
  const std::string text = warnings_of([&] { warn_if_sharing_cores(cores, ""); });
  CHECK(text.find(std::to_string(computing.pid())) != std::string::npos);
  CHECK(text.find("taskset -c") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("one session hears of neighbours once in a folder, and under -q not at all") {
  const Process computing("mlrun", true);
  REQUIRE(becomes_neighbour(computing.pid()));
  const int cores = static_cast<int>(affinity_cores().size());
  const test::TemporaryDirectory folder;
  const auto warning = [&] { return warnings_of([&] { warn_if_sharing_cores(cores, folder.path()); }); };
  CHECK(warning().find("shares cores") != std::string::npos);
  CHECK(warning().empty());
  std::ofstream(folder / ".neighbours") << "another session\n";
  CHECK(warning().find("shares cores") != std::string::npos);
  const log::Level before = log::level();
  log::set_level(log::Level::kWarning);
  CHECK(warnings_of([&] { warn_if_sharing_cores(cores, ""); }).empty());
  log::set_level(before);
}

TEST_CASE("a neighbour that is gone is not warned of") {
  int pid = 0;
  {
    const Process computing("mlrun", true);
    pid = computing.pid();
    REQUIRE(becomes_neighbour(pid));
  }
  CHECK_FALSE(is_neighbour(pid));
  const std::string text = warnings_of([] { warn_if_sharing_cores(1 << 20, ""); });
  CHECK(text.find("pid " + std::to_string(pid)) == std::string::npos);
}

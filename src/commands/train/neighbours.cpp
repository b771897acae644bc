#include "commands/train/neighbours.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/cpu.hpp"
#include "base/log.hpp"
#include "base/number.hpp"

namespace mlrun {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::hours kRemembered{1};

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Directories of /proc whose name is a number.
std::vector<int> numbered(const fs::path& folder) {
  std::vector<int> numbers;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (const auto number = parse_integer(name)) numbers.push_back(static_cast<int>(*number));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// "R" of "123 (mlrun) R 1 ...": the name may hold blanks and parentheses.
char state_of(const fs::path& stat) {
  const std::string text = contents(stat);
  const size_t end = text.rfind(')');
  return end == std::string::npos || end + 2 >= text.size() ? '?' : text[end + 2];
}

// Any thread that runs, or waits for the disk. `watch` and a run that was stopped with ^Z sleep.
bool computes(const fs::path& process) {
  for (const int thread : numbered(process / "task")) {
    const char state = state_of(process / "task" / std::to_string(thread) / "stat");
    if (state == 'R' || state == 'D') return true;
  }
  return false;
}

std::vector<int> cores_of(int pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(pid, sizeof set, &set) != 0) return cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) cores.push_back(i);
  }
  return cores;
}

std::string command_of(const fs::path& process) {
  std::string line = contents(process / "cmdline");
  while (!line.empty() && line.back() == '\0') line.pop_back();
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  const size_t name = line.substr(0, line.find(' ')).rfind('/');
  if (name != std::string::npos) line.erase(0, name + 1);
  return line.size() > 60 ? line.substr(0, 57) + "..." : line;
}

bool intersect(const std::vector<int>& a, const std::vector<int>& b) {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

std::optional<Neighbour> look_at(int pid, const std::vector<int>& ours) {
  const fs::path process = fs::path("/proc") / std::to_string(pid);
  Neighbour neighbour{pid, command_of(process), cores_of(pid),
                      std::max(1, static_cast<int>(numbered(process / "task").size()))};
  if (!intersect(neighbour.cores, ours)) return std::nullopt;
  // Lanes wait for each other, so one look may find them all asleep.
  for (int look = 0; look < 3; ++look) {
    if (computes(process)) return neighbour;
    if (look < 2) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return std::nullopt;
}

// Whether this session was told within the last hour, by a file in the folder that holds its number; it is from now on.
bool has_been_told(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || !fs::is_directory(folder, error)) return false;
  const fs::path file = fs::path(folder) / ".neighbours";
  const std::string session = fmt::format("{}\n", getsid(0));
  const auto written = fs::last_write_time(file, error);
  const bool told = !error && contents(file) == session && fs::file_time_type::clock::now() - written < kRemembered;
  std::ofstream(file, std::ios::binary) << session;
  return told;
}

}  // namespace

std::vector<Neighbour> neighbours() {
  const std::vector<int> ours = affinity_cores();
  std::vector<Neighbour> found;
  for (const int pid : numbered("/proc")) {
    if (pid == getpid() || contents(fs::path("/proc") / std::to_string(pid) / "comm") != "mlrun\n") continue;
    if (auto neighbour = look_at(pid, ours)) found.push_back(std::move(*neighbour));
  }
  return found;
}

void warn_if_sharing_cores(int threads, const std::string& folder) {
  if (log::level() > log::Level::kInfo) return;
  const std::vector<Neighbour> others = neighbours();
  if (others.empty()) return;
  const std::vector<int> ours = affinity_cores();
  std::set<int> cores(ours.begin(), ours.end());
  int wanted = threads;
  std::string pids;
  for (const Neighbour& other : others) {
    cores.insert(other.cores.begin(), other.cores.end());
    wanted += other.threads;
    pids += fmt::format("{}{}", pids.empty() ? "" : ", ", other.pid);
  }
  if (wanted <= static_cast<int>(cores.size()) || has_been_told(folder)) return;
  log::warning(
      "shares cores with mlrun pid {}; both will be slower: give each cores of its own (by taskset -c {} before the "
      "command), or fewer --threads",
      pids, ours.front());
}

}  // namespace mlrun

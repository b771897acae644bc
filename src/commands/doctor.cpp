#include "commands/doctor.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/advice.hpp"
#include "base/cpu.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/number.hpp"
#include "base/version.hpp"
#include "commands/train/neighbours.hpp"
#include "data/cache_folder.hpp"
#include "data/dataset.hpp"
#include "data/reference.hpp"
#include "data/source_file.hpp"
#include "io/directory.hpp"
#include "io/library.hpp"
#include "kernels/isa.hpp"
#include "kernels/library.hpp"
#include "ranks/join.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

using State = Finding::State;

constexpr double kGigabyte = 1e9;

std::string list(const std::vector<int>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size(); ++i) {
    size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", numbers[i]);
    if (last > i) text += fmt::format("-{}", numbers[last]);
    i = last;
  }
  return text;
}

Finding versions() {
  return {State::kOk, "versions",
          fmt::format("mlrun {}  numerics {}  oneDNN {}  HDF5 {}", kVersion, kNumericsVersion,
                      kernels::library_version(), io::hdf5_version()),
          ""};
}

Finding instructions() {
  const kernels::Isa has = kernels::isa_of_cpu(), uses = kernels::isa_in_force();
  Finding f{State::kOk, "instructions",
            fmt::format("{}  oneDNN {}{}", name_of(has), kernels::library_isa(),
                        kernels::has_bf16_products() ? ", products of bf16" : ""),
            ""};
  const auto limited_by = [&](const char* variable, const std::string& effect) {
    f.state = State::kWarning;
    f.found += fmt::format("; {}={}{}", variable, environment_variable(variable), effect);
    f.remedy = fmt::format("unset {}", variable);
  };
  if (const auto limit = kernels::isa_limit()) {
    if (uses != *limit) limited_by("MLRUN_MAX_ISA", ", which this CPU has not");
    else if (uses < has) limited_by("MLRUN_MAX_ISA", fmt::format(" limits all kernels to {}", name_of(uses)));
    else f.found += fmt::format("; MLRUN_MAX_ISA={}", name_of(*limit));
  } else {
    for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
      if (!environment_variable(name).empty())
        limited_by(name, " limits oneDNN alone; MLRUN_MAX_ISA limits all kernels");
    }
  }
  if (has == kernels::Isa::kSse4 && f.remedy.empty()) {
    f.state = State::kWarning;
    f.remedy = "a processor with AVX2 or AVX-512 is several times faster";
  }
  return f;
}

// Cores that the control group grants, by cpu.max ("200000 100000"); infinity without a limit.
double granted_cores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || period <= 0) return INFINITY;
  const auto granted = parse_real(quota);
  return granted ? *granted / period : INFINITY;
}

Finding cores() {
  const std::vector<int> mine = affinity_cores();
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  Finding f{State::kOk, "cores", fmt::format("{} of {} in the affinity mask: {}", mine.size(), online, list(mine)), ""};
  if (const double granted = granted_cores(); granted + 0.01 < static_cast<double>(mine.size())) {
    f.state = State::kWarning;
    f.found += fmt::format("; the container grants {:.3g}", granted);
    f.remedy =
        fmt::format("--threads {} (or MLRUN_THREADS), or raise the CPU quota", std::max(1, static_cast<int>(granted)));
  }
  return f;
}

Finding threads() {
  const std::string wanted = environment_variable("MLRUN_THREADS");
  const auto mine = static_cast<int64_t>(affinity_cores().size());
  if (wanted.empty() || wanted == "auto") return {State::kOk, "threads", fmt::format("{} (one per core)", mine), ""};
  const auto number = parse_integer(wanted);
  if (!number || *number < 1)
    return {State::kFail, "threads", "MLRUN_THREADS=" + wanted, "a number from 1, or unset MLRUN_THREADS"};
  if (*number > mine)
    return {State::kWarning, "threads", fmt::format("MLRUN_THREADS={}, and there are {} cores", *number, mine),
            "unset MLRUN_THREADS"};
  return {State::kOk, "threads", fmt::format("{} (MLRUN_THREADS)", *number), ""};
}

// A product that is denormal must come out as zero on every thread of a pool.
Finding floating_point() {
  LanePool pool(static_cast<int>(std::min<size_t>(affinity_cores().size(), 64)));
  std::atomic<int> denormals = 0;
  pool.run(pool.threads(), [&](int64_t) {
    volatile float smallest_normal = 1.17549435e-38f, half = 0.5f, denormal = 1e-40f, one = 1.0f;
    if (smallest_normal * half != 0.0f || denormal * one != 0.0f) ++denormals;
  });
  if (denormals == 0) return {State::kOk, "denormals", "flushed to zero on every thread (FTZ and DAZ)", ""};
  return {State::kFail, "denormals", "not flushed to zero; a matrix product may be 200 times slower",
          "report this as a bug, with the name of the processor"};
}

Finding memory() {
  std::ifstream file("/proc/meminfo");
  double total = 0, available = 0, value = 0;
  std::string name, unit;
  for (std::string row; std::getline(file, row);) {
    std::istringstream words(row);
    words >> name >> value;
    if (name == "MemTotal:") total = value * 1024;
    if (name == "MemAvailable:") available = value * 1024;
  }
  Finding f{State::kOk, "memory", fmt::format("{:.1f} GB free of {:.1f} GB", available / kGigabyte, total / kGigabyte),
            ""};
  if (available < 0.5 * kGigabyte) {
    f.state = State::kWarning;
    f.remedy = "end other programs";
  }
  return f;
}

Finding data_root() {
  const std::string root = data_sources_from_environment(1).root;
  Finding f{State::kOk, "data root", std::filesystem::absolute(root).string(), ""};
  size_t known = 0, good = 0;
  std::string missing, wrong;
  for (const FileStatus& file : data_files(root)) {
    if (file.state == FileStatus::State::kUnknown) continue;
    ++known;
    if (file.state == FileStatus::State::kGood) ++good;
    if (file.state == FileStatus::State::kMissing && missing.empty()) missing = file.path;
    if (file.state == FileStatus::State::kWrong && wrong.empty()) wrong = file.path;
  }
  f.found += fmt::format("  {} of {} known files", good, known);
  if (!wrong.empty()) {
    f.state = State::kFail;
    f.found += fmt::format("; {} is not what was published", wrong);
    f.remedy = advice::command({"data", "check"});
  } else if (good < known) {
    f.state = State::kWarning;
    f.found += fmt::format("; {} is missing", missing);
    f.remedy = "set MLRUN_DATA_ROOT (data.kind=digits needs no files), or   " + fetching("all");
  }
  return f;
}

// Several processes are a choice: without what they need all is well.
Finding ranks_finding() {
  const RanksLibrary library = library_of_ranks();
  if (library.name.empty())
    return {State::kOk, "ranks", fmt::format("one process; several need MPI ({})", library.problem), ""};
  return {State::kOk, "ranks", library.name + " connects several processes", ""};
}

std::string nearest_existing(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path.string();
}

Finding run_root_finding() {
  const std::string root = run_root();
  const std::string folder = nearest_existing(root);
  Finding f{State::kOk, "run root", std::filesystem::absolute(root).string(), ""};
  try {
    if (!io::is_directory(folder)) fail(ExitCode::kDisk, "{} is not a directory", folder);
    io::require_writable(folder);
    const double free = static_cast<double>(io::free_bytes(folder)) / kGigabyte;
    f.found += fmt::format("{}  {:.1f} GB free", folder == f.found ? "" : "  (not made yet)", free);
    if (free < 1) {
      f.state = free < 0.05 ? State::kFail : State::kWarning;
      f.remedy = "free some space, or set MLRUN_RUN_ROOT";
    }
  } catch (const Error& e) {
    f.state = State::kFail;
    f.found = e.what();
    f.remedy = "set MLRUN_RUN_ROOT to a directory that you may write";
  }
  return f;
}

Finding cache() {
  const std::string folder = data_sources_from_environment(1).cache;
  if (folder.empty())
    return {State::kWarning, "cache", "none: neither XDG_CACHE_HOME nor HOME is an absolute path",
            "set XDG_CACHE_HOME; without it data are read or drawn anew in each run"};
  try {
    const std::string existing = nearest_existing(folder);
    if (!io::is_directory(existing)) fail(ExitCode::kDisk, "{} is not a directory", existing);
    io::require_writable(existing);
    uint64_t bytes = 0;
    for (const CacheEntry& entry : cache_entries(folder)) bytes += entry.bytes;
    return {State::kOk, "cache",
            fmt::format("{}  {:.2f} of at most {:.0f} GB", folder, static_cast<double>(bytes) / kGigabyte,
                        static_cast<double>(kCacheBytes) / kGigabyte),
            ""};
  } catch (const Error& e) {
    return {State::kWarning, "cache", e.what(), "set XDG_CACHE_HOME to a directory that you may write"};
  }
}

Finding neighbours_finding() {
  const std::vector<Neighbour> others = neighbours();
  if (others.empty()) return {State::kOk, "neighbours", "no other mlrun computes on these cores", ""};
  std::string text;
  for (const Neighbour& n : others)
    text += fmt::format("{}pid {} on cores {}: {}", text.empty() ? "" : "; ", n.pid, list(n.cores), n.command);
  return {
      State::kWarning, "neighbours", text,
      fmt::format("give each run cores of its own, by   taskset -c {}   before its command", affinity_cores().front())};
}

}  // namespace

const char* name_of(State state) { return state == State::kOk ? "ok" : state == State::kWarning ? "warning" : "FAIL"; }

std::vector<Finding> examine_machine() {
  return {
      versions(),     {State::kOk, "processor", cpu_name(), ""},
      instructions(), cores(),
      threads(),      floating_point(),
      memory(),       ranks_finding(),
      data_root(),    run_root_finding(),
      cache(),        neighbours_finding(),
  };
}

}  // namespace mlrun

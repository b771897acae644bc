#include "runs/run_directory.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>

#include "base/advice.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/home.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "io/checkpoint_file.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"

namespace mlrun {
namespace {

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace

std::string run_root() {
  const std::string root = environment_variable("MLRUN_RUN_ROOT");
  return root.empty() ? "experiments" : expand_home(root);
}

std::string run_of_checkpoint(const std::string& checkpoint) {
  const size_t part = checkpoint.rfind("/checkpoints/");
  if (part == std::string::npos) return "";
  const std::string run = checkpoint.substr(0, part);
  return RunDirectory::is_run(run) ? run : "";
}

RunDirectory RunDirectory::create(const std::string& root, const std::string& name, const std::string& path,
                                  bool take_over) {
  std::string made = path;
  bool ours = true;  // made by this call
  if (!path.empty()) {
    const size_t slash = path.find_last_of('/');
    if (slash != std::string::npos && slash > 0) io::make_directories(path.substr(0, slash));
    ours = io::make_directory_exclusive(path);
    if (!ours && (!take_over || is_run(path) || !io::is_directory(path))) {
      // Not a run yet: perhaps made a moment ago by a process that is about to lock it.
      const std::chrono::milliseconds patience(is_run(path) ? 0 : 1000);
      const std::string holder = io::lock_holder(path + "/.lock", patience);
      fail(ExitCode::kLocked, "{} exists already{}\n  go on with it   {}\n  or choose another --run-dir", path,
           holder.empty() ? "" : fmt::format(" and is held by {}", holder),
           advice::command({"train", "--resume", path}));
    }
  } else {
    io::make_directories(root);
    std::random_device random;  // names only: nothing that is computed depends on it
    do {
      made = fmt::format("{}/{}-{}-{:04x}", root, name, timestamp(), random() & 0xffff);
    } while (!io::make_directory_exclusive(made));
  }
  RunDirectory run(made);
  try {
    run.lock_ = std::make_shared<io::FileLock>(run.file(".lock"));
  } catch (const Error& e) {
    if (ours && e.code() == ExitCode::kDisk) {  // leave no empty run: rmdir takes nothing else
      ::unlink(run.file(".lock").c_str());
      ::rmdir(made.c_str());
    }
    throw;
  }
  if (is_run(made)) {  // while this process looked and waited
    fail(ExitCode::kLocked, "{} was begun by another process\n  go on with it   {}", made,
         advice::command({"train", "--resume", made}));
  }
  io::remove_stale_temporaries(made);
  for (const char* part : {"checkpoints", "samples", "evals"}) io::make_directories(run.file(part));
  return run;
}

RunDirectory RunDirectory::open(const std::string& path) {
  if (!is_run(path)) fail(ExitCode::kUsage, "{} is not a run (a directory with resolved.yaml)", path);
  return RunDirectory(path);
}

RunDirectory RunDirectory::open_locked(const std::string& path) {
  RunDirectory run = open(path);
  run.lock_ = std::make_shared<io::FileLock>(run.file(".lock"));
  for (const char* part : {"", "checkpoints", "samples", "evals"}) {
    io::make_directories(run.file(part));
    io::remove_stale_temporaries(run.file(part));
  }
  return run;
}

bool RunDirectory::is_run(const std::string& path) { return io::exists(path + "/resolved.yaml"); }

std::string RunDirectory::id() const {
  std::string p = path_;
  while (p.size() > 1 && p.back() == '/') p.pop_back();
  return p.substr(p.find_last_of('/') + 1);
}

std::string RunDirectory::checkpoint_path(int64_t step) const {
  return fmt::format("{}/checkpoints/step-{:09}.h5", path_, step);
}

std::vector<int64_t> RunDirectory::checkpoint_steps() const {
  std::vector<int64_t> steps;
  if (!io::is_directory(file("checkpoints"))) return steps;
  for (const std::string& name : io::list_directory(file("checkpoints"))) {
    if (name.size() != 17 || name.rfind("step-", 0) != 0 || name.substr(14) != ".h5") continue;
    std::string digits = name.substr(5, 9);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (const auto step = parse_integer(digits)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<int64_t> RunDirectory::latest_valid_checkpoint() const {
  std::vector<int64_t> steps = checkpoint_steps();
  for (; !steps.empty(); steps.pop_back()) {
    std::string reason;
    if (io::verify_checkpoint(checkpoint_path(steps.back()), &reason)) return steps.back();
    log::warning("{}\n  falling back to an older checkpoint", reason);
  }
  return std::nullopt;
}

void RunDirectory::set_aside_newer_checkpoints(int64_t step) const {
  for (const int64_t s : checkpoint_steps()) {
    if (s > step) std::rename(checkpoint_path(s).c_str(), (checkpoint_path(s) + ".damaged").c_str());
  }
}

void RunDirectory::prune_checkpoints(const Kept& kept, const std::function<bool(int64_t step)>& is_lasting) const {
  std::vector<int64_t> newest_first = checkpoint_steps();
  std::reverse(newest_first.begin(), newest_first.end());
  int64_t latest = 0, lasting = 0;
  for (const int64_t step : newest_first) {
    bool needed = latest++ < kept.latest || (kept.best > 0 && step == kept.best);
    if (is_lasting(step)) needed = lasting++ < kept.lasting || needed;
    if (needed) continue;
    try {
      io::remove_file(checkpoint_path(step));
    } catch (const Error& e) {  // the new one is safe: no reason to stop
      log::warning("{}\n  an old checkpoint stays", e.what());
    }
  }
}

}  // namespace mlrun

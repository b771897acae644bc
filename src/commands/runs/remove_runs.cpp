#include "commands/runs/remove_runs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

constexpr const char* kRemoved = ".removed";  // the end of the name of a directory that is on its way out

int64_t bytes_of_tree(const std::string& path) {
  std::error_code error;
  int64_t bytes = 0;
  if (std::filesystem::is_regular_file(path, error))
    return static_cast<int64_t>(std::filesystem::file_size(path, error));
  for (auto entry = std::filesystem::recursive_directory_iterator(path, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    const auto size = entry->file_size(error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

void require_not_held(const std::string& path) {
  const std::string holder = io::lock_holder(path + "/.lock");
  if (!holder.empty()) fail(ExitCode::kLocked, "{} is held by {}; nothing was removed", path, holder);
}

// What a directory holds that a process had made for a run before it was killed.
bool never_began(const std::string& path) {
  for (const std::string& name : io::list_directory(path)) {
    if (name != ".lock" && name != "checkpoints" && name != "samples" && name != "evals" && name != "spec.yaml" &&
        name != "metrics.jsonl" && name != "log.txt" && !io::is_temporary(name))
      return false;
  }
  return io::is_directory(path + "/checkpoints") && io::exists(path + "/.lock");
}

void add_temporaries(const std::string& folder, std::vector<Removal>& found) {
  if (!io::is_directory(folder)) return;
  for (const std::string& name : io::list_directory(folder)) {
    if (!io::is_temporary(name)) continue;
    const std::string path = folder + "/" + name;
    found.push_back({path, "left by a killed writer", bytes_of_tree(path)});
  }
}

void add_spare_checkpoints(const RunDirectory& run, std::vector<Removal>& found) {
  const RunSummary summary = summarise_run(run.path());
  if (summary.status != RunStatus::kFinished) return;
  const std::vector<int64_t> steps = run.checkpoint_steps();
  for (const int64_t step : steps) {
    if (step == steps.back() || step == summary.best_step) continue;
    const std::string path = run.checkpoint_path(step);
    found.push_back({path, "neither best nor last", bytes_of_tree(path)});
  }
}

}  // namespace

std::vector<Removal> removal_of(const std::vector<RunSummary>& runs) {
  std::vector<Removal> removals;
  for (const RunSummary& run : runs) {
    require_not_held(run.path);
    removals.push_back({run.path,
                        fmt::format("{}, {}", name_of(run.status),
                                    std::isnan(run.best_nll) ? fmt::format("{} steps, not evaluated", run.step)
                                                             : fmt::format("valid/nll {:.3f}", run.best_nll)),
                        bytes_of_tree(run.path)});
  }
  return removals;
}

std::vector<Removal> garbage_in(const std::string& root) {
  std::vector<Removal> found;
  if (!io::is_directory(root)) return found;
  for (const std::string& name : io::list_directory(root)) {
    const std::string path = root + "/" + name;
    if (!io::is_directory(path) || !io::lock_holder(path + "/.lock").empty()) continue;
    if (name.ends_with(kRemoved)) {
      found.push_back({path, "a run that was being removed", bytes_of_tree(path)});
    } else if (RunDirectory::is_run(path)) {
      for (const char* part : {"", "/checkpoints", "/samples", "/evals"}) add_temporaries(path + part, found);
      add_spare_checkpoints(RunDirectory::open(path), found);
    } else if (never_began(path)) {
      found.push_back({path, "never began", bytes_of_tree(path)});
    }
  }
  return found;
}

void remove_all(const std::vector<Removal>& removals) {
  for (const Removal& removal : removals) {
    std::error_code error;
    std::string path = removal.path;
    if (io::is_directory(path)) {
      std::optional<io::FileLock> lock;  // nobody begins to train it while it goes
      if (io::exists(path + "/.lock")) lock.emplace(path + "/.lock");
      if (!path.ends_with(kRemoved)) {
        while (path.size() > 1 && path.ends_with('/')) path.pop_back();
        std::filesystem::rename(path, path + kRemoved, error);
        if (error) fail(ExitCode::kDisk, "{} cannot be removed: {}", path, error.message());
        path += kRemoved;
      }
      std::filesystem::remove_all(path, error);
    } else {
      std::filesystem::remove(path, error);
    }
    if (error) fail(ExitCode::kDisk, "{} cannot be removed: {}", path, error.message());
  }
}

}  // namespace mlrun

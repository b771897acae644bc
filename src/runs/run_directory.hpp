// A run on disk:
//
//   spec.yaml resolved.yaml     as given; complete and re-runnable
//   metrics.jsonl               the journal, one line per record
//   run.h5                      metrics, config, environment: rewritten whole
//   checkpoints/step-000001500.h5 ...    samples/   evals/   log.txt   .lock
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/lock.hpp"

namespace mlrun {

class RunDirectory {
 public:
  // A new directory: `path` itself where given (exit code 6 if it exists), else ROOT/NAME-DATE-TIME-xxxx by exclusive
  // mkdir. Locked for this process until destroyed.
  static RunDirectory create(const std::string& root, const std::string& name, const std::string& path = "",
                             bool take_over = false);
  // An existing run, locked (exit code 6 naming the holder when another process has it), temporaries of killed writers
  // removed.
  static RunDirectory open_locked(const std::string& path);
  // An existing run, to look at.
  static RunDirectory open(const std::string& path);
  static bool is_run(const std::string& path);

  const std::string& path() const { return path_; }
  std::string id() const;  // the last part of the path
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string checkpoint_path(int64_t step) const;
  std::vector<int64_t> checkpoint_steps() const;  // of the files there, ascending; they may be damaged
  // The newest checkpoint that verifies; loud about every newer one that does not. nullopt: there is none.
  std::optional<int64_t> latest_valid_checkpoint() const;
  // Renames the checkpoints of later steps, which did not verify, to *.damaged: nothing is thrown away.
  void set_aside_newer_checkpoints(int64_t step) const;
  // Removes all checkpoints but these: the newest `latest` of all, the newest `lasting` of those at steps for which
  // is_lasting holds, and that of step `best` (0: none).
  struct Kept {
    int64_t latest, lasting, best;
  };
  void prune_checkpoints(const Kept& kept, const std::function<bool(int64_t step)>& is_lasting) const;

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::shared_ptr<io::FileLock> lock_;
};

std::string run_root();  // MLRUN_RUN_ROOT, or "experiments"

// "/run" for /run/checkpoints/step-N.h5; "" for a checkpoint that lies in no run.
std::string run_of_checkpoint(const std::string& checkpoint);

}  // namespace mlrun

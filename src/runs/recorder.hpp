// The metrics of a run: the journal (metrics.jsonl), which is the truth, and run.h5, rewritten whole from it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "io/journal.hpp"
#include "runs/metrics.hpp"
#include "runs/run_directory.hpp"
#include "runs/run_summary.hpp"
#include "runs/train_state.hpp"

namespace mlrun {

// What a run is, as its files say at their beginning.
struct RunFacts {
  RunSummary run;  // without what follows from rows
  std::string spec_yaml, resolved_yaml;
  std::map<std::string, std::string> environment;
};

// How long a run has been trained so far.
struct TrainedTime {
  double seconds = 0;
  double cpu_seconds = 0;  // of all threads; NaN where a part of it was not measured
};

// Metrics can never stop a training: a file that cannot be written costs one warning.
class Recorder {
 public:
  Recorder(const RunDirectory& directory, RunFacts facts);
  // Takes up the journal of a run that goes on from `state`: what was recorded after it is cut. Returns the training
  // time so far.
  TrainedTime resume(const TrainState& state);

  // table: "train" or "valid" (or another); columns of reals, "step" among them.
  void row(const std::string& table, const std::map<std::string, double>& values);
  void note(const std::string& kind, io::Record facts);  // a record of another kind: "run", "resume", "status"
  void sync();                                           // the journal, to the disk
  void write_run_file(RunStatus status);                 // run.h5

 private:
  void open_journal();
  RunDirectory directory_;
  RunFacts facts_;
  std::unique_ptr<io::Journal> journal_;
  std::map<std::string, MetricTable> tables_;
  bool warned_ = false;
};

}  // namespace mlrun

// A run as somebody watches it from outside: by its files alone, so that the training pays nothing for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/find_run.hpp"

namespace mlrun {

struct WatchedRow {  // of the valid table; NaN for what is not there
  double step = 0, epoch = 0, time = 0, nll = 0;
};

struct WatchedRun {
  std::string path, id;
  std::string trouble;  // why there is nothing to see: the run is gone, or its journal cannot be read
  RunSummary summary;
  double fraction = 0, eta = 0;                   // of the training that is done; seconds to go; NaN: not known
  double train_nll = 0, lr = 0, items_per_s = 0;  // of the last row of train; NaN
  double age = 0;                                 // seconds since the journal grew
  std::vector<double> valid_nll;                  // of every evaluation
  std::vector<WatchedRow> last;                   // the last three evaluations
  std::string samples;                            // the newest sheet of samples; "" for none
};

// Reads the journal again only where it has changed.
class RunWatcher {
 public:
  explicit RunWatcher(std::string path) : path_(std::move(path)) {}
  const WatchedRun& look();

 private:
  std::string path_;
  WatchedRun seen_;
  int64_t size_ = -1;
};

}  // namespace mlrun

// Small runs for the tests of what a run says of itself, and looks at their directories.
#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiment/checkpoint.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

namespace mlrun::test {

// Evaluations and the end of training fall together, and checkpoints with them.
inline std::string plain_spec(int steps, const std::string& more = "", const std::string& model = "{kind: fvsbn}") {
  return "data: {kind: digits, train_limit: 60, valid_limit: 20, test_limit: 20}\nmodel: " + model +
         "\ntrain: {for: " + std::to_string(steps) +
         " steps, batch_size: 20, average: 0.9}\neval: {every: 4 steps, samples: 0}\ncompute: {lanes: 2}\n" + more;
}

inline std::string checkpoint_of(const std::string& run, int step) {
  char name[32];
  std::snprintf(name, sizeof name, "/checkpoints/step-%09d.h5", step);
  return run + name;
}

inline std::string from(const std::string& checkpoint) { return "origin.checkpoint=" + checkpoint; }

inline TrainOutcome resume(const std::string& run, const std::vector<std::string>& overrides = {},
                           bool allow_inexact = false, int stop_after_steps = 0) {
  TrainRequest request;
  request.resume = run;
  request.overrides = overrides;
  request.allow_inexact = allow_inexact;
  request.threads = 1;
  if (stop_after_steps > 0)
    request.loop.stop_after = config::Period{static_cast<double>(stop_after_steps), config::Period::Unit::kSteps};
  TrainObserver nobody;
  return train(request, nobody);
}

// What is on the disk: every file but the lock, with its contents.
inline std::map<std::string, std::string> files_of(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename() != ".lock")
      files[entry.path().string()] = read(entry.path().string());
  }
  return files;
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace mlrun::test

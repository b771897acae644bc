// Small real runs for the tests of this room: digits, a few rows, a fresh directory.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "commands/train/train.hpp"
#include "temporary_directory.hpp"

namespace mlrun::test {

inline std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The words of the refusal, which must have this exit code.
template <class Action>
std::string refusal_of(ExitCode code, const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    INFO(e.what());
    CHECK(static_cast<int>(e.code()) == static_cast<int>(code));
    return e.what();
  }
  FAIL("nothing was refused");
  return "";
}

inline std::string spec_of(const std::string& model, int steps) {
  return "data: {kind: digits, train_limit: 60, valid_limit: 20, test_limit: 20}\n"
         "model: " +
         model +
         "\n"
         "optim: {kind: adamw, lr: 2e-3, weight_decay: 0.01}\n"
         "schedule: {kind: cosine, warmup: 3 steps}\n"
         "train: {for: " +
         std::to_string(steps) +
         " steps, batch_size: 14, clip_norm: 5, average: 0.9, log_every: 4 steps}\n"
         "eval: {every: 7 steps, samples: 0}\n"
         "checkpoint: {every: 1 steps}\n"
         "compute: {lanes: 4}\n";
}

// Trains in `directory` (made, or gone on with when it exists).
inline TrainOutcome train_in(const std::string& directory, const std::string& spec_text, int threads = 1,
                             int stop_after_steps = 0, const std::vector<std::string>& overrides = {}) {
  const TemporaryDirectory specs;
  std::ofstream(specs / "spec.yaml") << spec_text;
  TrainRequest request;
  request.spec = specs / "spec.yaml";
  request.overrides = overrides;
  request.run_dir = directory;
  request.resume = "auto";
  request.threads = threads;
  if (stop_after_steps > 0)
    request.loop.stop_after = config::Period{static_cast<double>(stop_after_steps), config::Period::Unit::kSteps};
  TrainObserver nobody;
  return train(request, nobody);
}

// The journal without what a clock decides, and without notes about stops.
inline std::string timeless_journal(const std::string& directory) {
  std::string out;
  for (io::Record record : io::read_journal(directory + "/metrics.jsonl").records) {
    if (!record.contains("table")) continue;
    record.erase("time");
    record.erase("cpu_seconds");
    record.erase("items_per_s");
    out += record.dump() + "\n";
  }
  return out;
}

}  // namespace mlrun::test

// Names of runs as people type them: a directory, a run id, a unique prefix of one, @last, @best:valid/nll, or one of a
// group or tag, @group:NAME@best, @group:NAME@last, @tag:NAME@best ...; and a checkpoint of a run, or a checkpoint
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/history.hpp"

namespace mlrun {

// What the metrics of a VQ-VAE are of.
inline constexpr const char* kNllOfCodes = "x given its codes";
// Of a VQ-VAE with a prior of its own: reconstruction and rate together, an upper bound on -log p(x).
inline constexpr const char* kNllOfBound = "x at most";

// What the journal says of a run, without opening HDF5.
struct RunSummary {
  std::string path, id;
  std::string status;  // finished, stopped, interrupted, diverged; "running" while locked; "killed" otherwise
  std::string fingerprint, lineage, name, model, protocol, data_hash, created;
  std::string nll_of;  // what the NLLs are of (evaluate/scores.hpp): "x", "x, y", "x given y", "y given x", ...
  // The group of its spec, then those that it was also asked for in (experiment/labels.hpp); tags likewise.
  std::vector<std::string> groups, tags;
  std::vector<std::string> notes;  // that somebody has written of it, oldest first
  History history;                 // empty: exact
  io::Record origin;               // {"checkpoint", "run", "step", "sha256"}, or null: fresh weights
  int64_t step = 0;
  double epoch = 0;
  double best_nll = 0, last_nll = 0;  // valid, nats; NaN when there was no evaluation
  double best_bpd = 0;                // bits/dim of best_nll
  double best_accuracy = 0;           // of the same evaluation, a share; NaN where there is none
  std::string best_by = "valid/nll";  // eval.best: which evaluation is the best
  int64_t best_step = 0;
  double seconds = 0;  // of training
  // What the journals of older versions do not say is 0.
  int64_t total_steps = 0;     // that the spec asks for; 0 also where it asks for minutes
  int64_t train_examples = 0;  // of the train split
  int64_t threads = 0;         // of the process that trained it last
};
RunSummary summarise_run(const std::string& path);
bool has_word(const std::vector<std::string>& words, const std::string& word);  // of groups and tags
bool is_stage_one(const RunSummary& run);                                       // of a VQ-VAE
std::vector<RunSummary> all_runs(const std::string& root);                      // by creation, oldest first

// "" where the NLLs of these runs are of the same thing; else the reason why they are never ranked together: they
// differ in data, in what is predicted, or in binarization or split.
std::string obstacle_to_ranking(const std::vector<RunSummary>& runs);

// What "@group:NAME" or "@tag:NAME" stands for, oldest first. Error(kUsage) when nothing fits; nullopt when the
// selector is of another kind (with @best or @last behind it, it is one run: find_run).
std::optional<std::vector<RunSummary>> marked_runs(const std::string& selector, const std::vector<RunSummary>& all);

// The run's directory. Error(kUsage) when nothing, or more than one, fits; of a directory that is no run, with the runs
// in it.
std::string find_run(const std::string& selector);
// A checkpoint file as it is; of a run: "best" (default), "last", or a step. A damaged best or last falls back, loudly.
std::string find_checkpoint(const std::string& selector, const std::string& which = "best");

}  // namespace mlrun

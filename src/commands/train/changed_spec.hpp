// A run that goes on under another spec than it was begun with: a longer one, one with other labels, or (inexact) any that
// its weights allow.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment/experiment.hpp"
#include "experiment/labels.hpp"
#include "runs/recorder.hpp"
#include "runs/run_directory.hpp"
#include "train/continuation.hpp"
#include "train/run_facts.hpp"
#include "train/trainer.hpp"

namespace mlrun {

// Whether an argument of this command gave the field its value.
bool is_argument(const Experiment& spec, const std::string& path);

// The run's spec has the name, group and tags that it was begun with, where no argument gives others: `spec` of these
// overrides with them, or nothing where it has them already.
std::optional<Experiment> with_labels_kept(const RunDirectory& run, const Experiment& spec,
                                           const std::string& spec_path, std::vector<std::string> overrides,
                                           std::vector<std::string> places);

// A longer (or, inexact, another) spec is the run's from now on: this is said, and stands in the journal.
void note_change(Recorder& recorder, const RunFacts& facts, const RunSummary& so_far, const Continuation& next,
                 Trainer& trainer);

// So do the labels and the name that the run gets now.
void note_labels(Recorder& recorder, const RunSummary& so_far, const Labels& labels, const std::string& name);

}  // namespace mlrun

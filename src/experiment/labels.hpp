// Groups and tags that a run gets after it was begun: records "label" of its journal. A run that is the answer to
// `train --if-needed`, or that is gone on with, under another group or with further tags than its own is in these too,
// so that `compare @group:NAME` finds every run that was asked for in that group. Nothing is ever taken away.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.hpp"
#include "io/journal.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {

struct Labels {
  std::string group;  // "" for none
  std::vector<std::string> tags;
  bool empty() const { return group.empty() && tags.empty(); }
};

// What the spec asks for and the run does not have yet.
Labels missing_labels(const RunSummary& run, const ExperimentSpec& spec);
io::Record label_record(const Labels& labels);  // facts of the record "label"
std::string in_words(const Labels& labels);     // "in group lr, and found by tag a, b"
// A finished run that is the answer to this spec gets the labels that it does not have; `locked` is it, where this
// process holds it already. Returns words for a message, or "". It is the answer also where that cannot be recorded,
// since the run belongs to somebody else or is held: then a warning says so.
std::string label_answer(const RunSummary& run, const ExperimentSpec& spec, const RunDirectory* locked);

}  // namespace mlrun

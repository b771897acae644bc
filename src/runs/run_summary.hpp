// The facts of a run, and the one table by which journal, run.h5 and JSON write and read them.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "io/hdf5/writer.hpp"
#include "io/journal.hpp"
#include "runs/history.hpp"
#include "runs/run_status.hpp"
#include "symbols/nll_subject.hpp"

namespace mlrun {

struct RunSummary {
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

  std::string path, id;
  RunStatus status = RunStatus::kKilled;  // what a journal without a word of it means
  std::string reason;  // why training ended, where that was not at its last step: "no new best in 3 evaluations (...)"
  std::string fingerprint, lineage, name, model, protocol, data_hash, created;
  NllSubject nll_of = NllSubject::kX;
  // The group of its spec, then those that it was also asked for in (experiment/labels.hpp); tags likewise.
  std::vector<std::string> groups, tags;
  std::vector<std::string> notes;  // that somebody has written of it, oldest first
  History history;                 // empty: exact
  io::Record origin;               // {"checkpoint", "run", "step", "sha256"}, or null: fresh weights
  std::string version;             // of the mlrun that wrote the journal
  int64_t step = 0;
  double epoch = 0;
  double best_nll = kMissing, last_nll = kMissing;  // valid, nats; NaN when there was no evaluation
  double best_bpd = kMissing;                       // bits/dim of best_nll
  double best_accuracy = kMissing;                  // of the same evaluation, a share; NaN where there is none
  std::string best_by = "valid/nll";                // eval.best: which evaluation is the best
  int64_t best_step = 0;
  double seconds = 0;             // of training
  double cpu_seconds = kMissing;  // that all threads together worked meanwhile; NaN where a part was not measured
  // What the journals of older versions do not say is 0.
  int64_t total_steps = 0;     // that the spec asks for; 0 also where it asks for minutes
  int64_t train_examples = 0;  // of the train split
  int64_t threads = 0;         // of the process that trained it last
};

// A fact: its names, its unit, its value. "" where it does not stand there.
struct RunFact {
  const char* json;                            // key of `ls --json` and `show --json`, in the order of the table
  const char* journal;                         // key in the records "run" and "extend" of the journal
  const char* attribute;                       // of run.h5
  const char* unit;                            // of a number: "nats", "s"; "1" of a share
  io::Record (*value)(const RunSummary& run);  // null: not measured
  void (*take)(RunSummary& run, const io::Record& value);  // from the journal; throws io::Record::exception
};
std::span<const RunFact> run_facts();

io::Record identity_record(const RunSummary& run);  // what the records "run" and "extend" say
void take_identity(const io::Record& record, RunSummary& run);
void write_attributes(io::Hdf5Writer& file, const RunSummary& run);

// The status with its reason in a word: "finished", "finished (patience)", "finished (time)" of a run that was to take so
// many minutes; of a newer version than this, whose words may mean what this one does not know, "killed (mlrun 0.2.0)".
std::string status_words(const RunSummary& run);
double seconds_to_go(const RunSummary& run);  // at its pace so far; NaN where the steps to come are not known

bool has_word(const std::vector<std::string>& words, const std::string& word);  // of groups and tags
void add_word(std::vector<std::string>& words, const std::string& word);        // unless it is empty or there

}  // namespace mlrun

// The history of a run: which of its steps were trained under another spec than the one it has now.
//
// Most runs have none: all their steps are those of their spec, however often they were stopped and resumed, and also
// where they were extended and the longer spec would have made the same steps. Such a run is exact. Where that is not
// so (a schedule that depends on the length, --allow-inexact) the steps so far become a segment of the history, for
// good: it is part of the run's fingerprint, so the run never passes for one that was trained under its spec from the
// start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/hdf5/reader.hpp"
#include "io/hdf5/writer.hpp"
#include "io/journal.hpp"

namespace mlrun {

struct Segment {
  int64_t begin = 0, end = 0;  // steps begin + 1 .. end
  std::string fingerprint;     // of the run as it was then
  std::string resolved_yaml;   // the spec, with its origin; in checkpoints and run.h5, not in the journal
  std::string departure;       // why what follows is not what the spec that follows would have made of these steps
};
using History = std::vector<Segment>;  // oldest first; empty: the run is exact

// The fingerprint of a run whose spec has the fingerprint `of_spec`: that one if the run is exact.
std::string fingerprint_of_run(const History& history, const std::string& of_spec);

// Groups history/0, history/1 ... of a checkpoint or run.h5; nothing for an exact run. A file without them is of an
// exact run.
void write_history(io::Hdf5Writer& file, const History& history);
History read_history(const io::Hdf5Reader& file);

// As in the journal and in JSON: [{"begin", "end", "fingerprint", "departure"}].
io::Record history_record(const History& history);
History history_of(const io::Record& record);  // throws io::Record::exception for fields of the wrong type

std::string in_words(const Segment& segment);  // "steps 1 to 400 as 9f3c1a2b4d5e; then ..."

}  // namespace mlrun

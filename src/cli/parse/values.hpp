// What the value of an option or argument is, told once where it is declared, so that completion can offer it without
// reading the help.
#pragma once

#include <string>
#include <vector>

namespace mlrun::cli {

enum class Value {
  kSpec,            // a YAML file
  kRun,             // a run of the run root, or a selector of one
  kRuns,            // that, or a selector of several
  kCheckpointFile,  // an .h5 file
  kCheckpoint,      // of the run that is the command's first argument: best, last, a step
  kFields,          // names of fields of a spec
  kRunFields,       // that, and facts of runs, one behind the other with commas
  kReference,       // sections, kinds and fields of any spec
  kModel,           // a kind of model
  kKnownPart,       // of an image: a word, or a mask.png
  kGroup,           // a group of runs
};

// What may stand at one place: things of these kinds, and these words.
struct Values {
  std::vector<Value> kinds = {};
  std::vector<std::string> words = {};
};

// Words key=value that an argument takes, behind its first word or from the start.
struct OverrideWords {
  bool behind_first = true;
  bool lists = false;                      // key=v1,v2
  std::vector<std::string> sections = {};  // "data", "eval": only fields of these; none: of all
};

}  // namespace mlrun::cli

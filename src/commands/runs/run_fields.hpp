// What is known of runs by the names that people type, in conditions (--where) and for columns (--columns):
// - facts of the run: those of run_fact_names();
// - a metric of its journal, TABLE/COLUMN: of `valid` at its best step, else the last;
// - a field of its spec: optim.lr, model.kind.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/runs/spec_table.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

// valid/nll, status, group ...
const std::vector<std::string>& run_fact_names();

class RunFields {
 public:
  enum class Kind { kNumber, kText, kTexts, kYaml };  // kYaml: the value of a field of a spec
  static Kind kind_of(const std::string& field);

  explicit RunFields(std::vector<RunSummary> runs) : runs_(std::move(runs)) {}
  const std::vector<RunSummary>& runs() const { return runs_; }

  // Error(kUsage), beginning with `place`, unless one of the runs has a field of this name; with the nearest name. Of no
  // runs every name is right.
  void require(const std::string& field, const std::string& place);
  // Numbers in full, all else as text; of group, tag and note as many as there are. None: the run has no such thing.
  // Specs and journals are read when they are first asked for; a spec that cannot be read is said, and has no fields.
  std::vector<std::string> values(size_t run, const std::string& field);

 private:
  const SpecTable& specs();
  const std::map<std::string, double>& metrics(size_t run);  // by TABLE/COLUMN
  const std::map<std::string, double>& tests(size_t run);    // test/nll, test/bpd

  std::vector<RunSummary> runs_;
  std::optional<SpecTable> specs_;
  std::map<size_t, std::map<std::string, double>> metrics_, tests_;
};

}  // namespace mlrun

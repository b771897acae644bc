// What there is to say about a run, and about a checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/print.hpp"
#include "experiment/trained_model.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

struct CheckpointFile {
  std::string path;
  int64_t step = 0, bytes = 0;
  bool best = false;
  std::optional<bool> intact;  // nullopt: not verified
  std::string damage;          // why it is not intact
};

struct KeptEvaluation {  // of evals/
  std::string path, split, protocol;
  int64_t step = 0, count = 0;
  double nll = 0, nll_se = 0, bpd = 0;  // nats, nats, bits/dim
  bool bound = false;                   // nll is an upper bound
  int64_t components = 1;               // of the mixture: masks of a MADE, `eval --orders`
  int64_t code_maps = 1;                // that the bound sums over: `eval --codes`
  bool by_default = true;               // with the settings of the spec: no --orders, --codes or --draws

  // How it was made, where that is not the only way: "protocol P, a mixture of 8, 16 code maps"; "" else. `protocol` of
  // the run, which need not be said again.
  std::string settings(const std::string& protocol) const;
};

struct RunDetails {
  RunSummary summary;
  std::string resolved_yaml;
  config::Fields fields;  // of the resolved spec; empty if this mlrun does not read it any more
  std::optional<Origin> origin;
  std::map<std::string, std::string> environment;
  std::vector<CheckpointFile> checkpoints;  // by step
  std::vector<KeptEvaluation> evaluations;  // by split and step, those by default first
};

// Reads what it can: parts that are missing or damaged are left empty, with a warning. `verify` reads every checkpoint
// in full and compares its SHA-256.
RunDetails run_details(const std::string& run_path, bool verify);
std::vector<KeptEvaluation> kept_evaluations(const std::string& run_path);
// The same of one split and step, without opening the files of others.
std::vector<KeptEvaluation> kept_evaluations_at(const std::string& run_path, const std::string& split, int64_t step);
// Of the test split at the run's best step and by its own protocol, where one is kept. Those by default come first, so runs
// that were also evaluated otherwise are compared by what all have.
std::optional<KeptEvaluation> kept_test(const RunSummary& run);

// A value of a spec for a line among others: at most 60 characters, cut at the end.
std::string shortened(const std::string& value);
// "hidden [20]  direct true": fields of a section that differ from their defaults, the kind first.
std::string section_in_short(const config::Fields& fields, const std::string& section);

struct TensorSummary {
  std::string path = {}, type = {};  // "model/hidden_1/weight", "f32"
  Shape shape = {};
  std::string axes = {};  // "out,in"
  int64_t bytes = 0;
  double mean = 0, sd = 0;
  int64_t not_finite = 0;  // values that are NaN or Inf; mean and sd are of the others
};
// The tensors below one group ("model", "buffers", "average"), by path.
std::vector<TensorSummary> tensors_of(const io::Hdf5Reader& file, const std::string& group);
int64_t bytes_below(const io::Hdf5Reader& file, const std::string& group);  // of all datasets; 0 without the group

}  // namespace mlrun

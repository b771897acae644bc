// `mlrun prove`: checks whether what a model says is a likelihood.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "experiment/trained_model.hpp"
#include "proof/proof.hpp"

namespace mlrun {

struct ProofOptions {
  int64_t components = 4;  // of a mixture, checked one by one
  uint64_t seed = 1;
  bool whatever_it_takes = false;  // every step of a model whose parallel view is dear
  Ranks& ranks = one_rank();       // that share the work; each must be given the same
};

// All checks of proof.hpp, in the order of a table. `rows`: up to 128 that the model should know.
std::vector<ProofCheck> prove_model(const AutoregressiveModel& model, const ParameterArena& parameters,
                                    const Batch& rows, const ProofOptions& options, LanePool& pool);

// The mean NLL of a split against the entropy of the noise in its data, below which no model can be that has not seen the
// noise itself. It is computed from the grey levels where the data are binarized by Bernoulli(grey), known for
// Larochelle's MNIST, and 0 for other data, since a probability is at most 1. 1000 rows (fewer
// where a likelihood is dear), evenly spread, or all with options.whatever_it_takes.
ProofCheck check_data_floor(const TrainedModel& trained, const Dataset& data, Split split, const ProofOptions& options,
                            LanePool& pool);

struct ProveRequest {
  std::string selector, which = "best";
  bool full = false;  // all components, the whole split
  int threads = 0;
  Ranks& ranks = one_rank();  // that share the work
  bool mixed_cpus = false;    // they may run on different kinds of CPU
};
struct ProveOutcome {
  std::string checkpoint;
  int64_t step = 0;  // of the checkpoint
  std::vector<ProofCheck> checks;
  int64_t components = 1, components_checked = 1;
  std::string no_data;  // why there is no check of the data floor; "" where there is one
  bool pass() const;
};
// Judges by the test split, or the validation split where there is none; without the data, by the model's own samples.
// Error(kUsage) for a model that is not autoregressive.
ProveOutcome prove(const ProveRequest& request);

}  // namespace mlrun

// The answer of `mlrun prove` as JSON, and as it is kept in the run whose checkpoint it is of: evals/step-N-proof.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proof/prove.hpp"

namespace mlrun {

// One line: checks (name, pass, figure, limit, finding), pass, checkpoint, step, components, components_checked.
std::string proof_json(const ProveOutcome& proof);

// Into the run of its checkpoint; a checkpoint of no run leaves nothing. A run that cannot be written is a warning.
void keep_proof(const ProveOutcome& proof);

struct KeptProof {
  int64_t step = 0;
  std::vector<ProofCheck> checks;
};
// Those of a run, by step. What cannot be read is a warning, and is left out.
std::vector<KeptProof> kept_proofs(const std::string& run_path);

}  // namespace mlrun

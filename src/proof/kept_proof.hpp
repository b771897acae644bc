// The answer of `mlrun prove` as JSON, and as it is kept in the run whose checkpoint it is of: evals/step-N-proof.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proof/prove.hpp"

namespace mlrun {

// One line: checks (name, pass, figure, limit, finding), pass, checkpoint, step, components, components_checked.
std::string proof_json(const ProveOutcome& proof);

// Writes it into the run of its checkpoint; for a checkpoint that is in no run, nothing. Where the run cannot be written,
// there is a warning.
void keep_proof(const ProveOutcome& proof);

struct KeptProof {
  int64_t step = 0;
  std::vector<ProofCheck> checks;
};
// The proofs that are kept in a run, by step. One that cannot be read is left out, with a warning.
std::vector<KeptProof> kept_proofs(const std::string& run_path);

}  // namespace mlrun

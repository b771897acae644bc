// Checks that a model's likelihood is a likelihood. Each looks at the two views of the model and its nll() from
// outside, believes nothing that the model says of itself, and gives a figure beside the limit that it was held
// against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "models/model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

struct ProofCheck {
  std::string name;
  bool pass = false;
  double figure = 0, limit = 0;
  std::string finding;  // for people: what was looked at, and where it failed
};

// What the checks look at.
struct ProofSubject {
  const AutoregressiveModel& model;
  const ParameterArena& parameters;
  Batch rows;                       // at least one row the model should know: of the test split, or its own samples
  std::vector<int64_t> components;  // those that are checked one by one
  uint64_t seed = 1;                // of samples and of flips
  LanePool& pool;
  bool whatever_it_takes = false;  // else fewer rows and steps are looked at where a look is dear
  Ranks& ranks = one_rank();       // share the work of each check; all come to the same figures
};

// `count` of `total` components, evenly spread, first and last among them.
std::vector<int64_t> components_to_check(int64_t total, int64_t count);

// Flips the symbol of every step in a few rows: all logits up to that step must stay the same bits. The other rows of
// the batch change as well, so a leak between images is found too. Figure: flips after which some logit had changed.
ProofCheck check_no_leak(const ProofSubject& subject);

// Step by step on the rows, teacher-forced: all logits finite (figure: how many are not), and those of the step view
// equal to the parallel view's (figure: largest |a - b| / max(1, |a|)).
std::vector<ProofCheck> check_views(const ProofSubject& subject);

// nll() of the rows against -log p summed in double from the logits of all components (figure: largest difference,
// nats).
ProofCheck check_nll(const ProofSubject& subject);

// The probabilities of all continuations of a real prefix over some 10 steps sum to 1, at the end of a row and where it
// is most uncertain; figure: largest |sum - 1|.
// Alphabets for which even one step is too much to enumerate have no such check: an empty vector.
std::vector<ProofCheck> check_continuations(const ProofSubject& subject);
// The same of exp(-nll()) over all there is (behind a real question, where the data gives one), where that is at most
// 4096 sequences; else an empty vector.
std::vector<ProofCheck> check_whole_sum(const ProofSubject& subject);

// Own samples of each component (own answers to the questions of the rows), drawn with the step view: -log p of a
// sample by the parallel view, and the entropies of the step view's predictions along it, estimate one number. Figure:
// difference of the means in standard errors.
ProofCheck check_entropy(const ProofSubject& subject);
// The same of samples that the model's own heads drafted (generate/proposer.hpp), and by its parallel view alone. Without
// heads, or with questions, there is none: an empty vector.
std::vector<ProofCheck> check_heads(const ProofSubject& subject);

// Rows drawn from the first component with the step view, s32 [count, positions] with labels 0, 1, ... in turn if it is
// conditional: for subjects without data. What data would give (DataSpec::given) is drawn as well.
Batch own_samples(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t count, uint64_t seed);

}  // namespace mlrun

// Batches and their logits, as the checks of proof.hpp need them.
#pragma once

#include "proof/proof.hpp"

namespace mlrun {

Batch repeated(const Batch& batch, int64_t row, int64_t count);  // `count` copies of one row
const int32_t* labels_or_null(const Batch& batch);
int64_t rows_at_a_time(const DataSpec& data);  // 4 .. 128, so that the logits of a batch take 16 MB or less if they can

// How many rows, steps or sequences a check looks at: `usual`, but fewer, and not fewer than `least`, where the parallel
// view is a pass of the network for each step (looks_of_parallel_view) and not everything is wanted.
int64_t affordable(const ProofSubject& subject, int64_t usual, int64_t least);

// Parallel view: [n, positions] or [n, positions, alphabet], in visiting order.
Tensor parallel_logits(const ProofSubject& subject, const Batch& batch, int64_t component);
// Of every row, from the parallel view's logits in double: sum of log p over these steps, nats.
std::vector<double> log_probabilities(const ProofSubject& subject, const Batch& batch, int64_t component, Range steps);
std::vector<double> log_probabilities(const ProofSubject& subject, const Batch& batch,
                                      int64_t component);  // all that are modelled

}  // namespace mlrun

// The part of a sequence that a model is of, where the data gives the rest as a question (DataSpec::given).
#pragma once

#include "models/model.hpp"

namespace mlrun {

// -log p(answer | question) of each row, nats: [n]. Logits and symbols of all steps, in visiting order.
Variable modelled_nll(const Variable& logits, const Tensor& symbols, const DataSpec& data);

// Whether the first `steps` steps of every component visit the positions 0, 1, ... in this order.
bool begins_in_stored_order(const AutoregressiveModel& model, int64_t steps);

}  // namespace mlrun

#include "models/modelled.hpp"

#include "base/error.hpp"
#include "ops/shape.hpp"

namespace mlrun {

Variable modelled_nll(const Variable& logits, const Tensor& symbols, const DataSpec& data) {
  if (data.given == 0) return negative_log_likelihood(logits, symbols);
  const int64_t end = data.positions();
  const Variable answers = ops::slice(Variable(symbols), 1, data.given, end);
  return negative_log_likelihood(ops::slice(logits, 1, data.given, end), answers.value());
}

bool begins_in_stored_order(const AutoregressiveModel& model, int64_t steps) {
  for (int64_t c = 0; c < model.components(); ++c) {
    for (int64_t t = 0; t < steps; ++t) {
      if (model.order(c)[static_cast<size_t>(t)] != t) return false;
    }
  }
  return true;
}

void AutoregressiveModel::require_question_first() const {
  if (data_.given == 0 || begins_in_stored_order(*this, data_.positions())) return;
  fail(ExitCode::kUsage,
       "the first {} symbols of this data are a question, and this model visits positions in another order\n"
       "  the order of the data   model.order=raster, or a model.kind that has it",
       data_.given);
}

}  // namespace mlrun

#include <algorithm>

#include "base/error.hpp"
#include "models/model.hpp"
#include "ops/loss.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {
Variable label_nll(const Variable& logits, const Tensor& labels) {
  require(labels.defined(), "a classifier was given a batch without labels");
  const int64_t n = logits.dim(0);
  return ops::categorical_nll(ops::reshape(logits, {n, 1, -1}), labels.reshape({n, 1}));
}

Variable Classifier::loss(Pass& pass, const Batch& batch) const {
  return ops::sum(label_nll(class_logits(pass, batch), batch.labels));
}

std::vector<double> Classifier::nll(const ParameterArena& parameters, const Batch& batch) const {
  std::vector<double> all;
  const int64_t most = examples_at_once() > 0 ? examples_at_once() : batch.count();
  for (int64_t begin = 0; begin < batch.count(); begin += most) {
    const Batch part = batch.slice(begin, std::min(batch.count(), begin + most));
    Pass pass(parameters);
    const Tensor nll = label_nll(class_logits(pass, part), part.labels).value();
    all.insert(all.end(), nll.data<float>(), nll.data<float>() + nll.count());
  }
  return all;
}

}  // namespace mlrun

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
  return scores(parameters, batch).nll;
}

Scores Classifier::scores(const ParameterArena& parameters, const Batch& batch) const {
  Scores scores;
  in_pieces(batch.count(), [&](int64_t begin, int64_t end) {
    const Batch part = batch.slice(begin, end);
    Pass pass(parameters);
    const Variable logits = class_logits(pass, part);
    const Tensor nll = label_nll(logits, part.labels).value();
    scores.nll.insert(scores.nll.end(), nll.data<float>(), nll.data<float>() + nll.count());
    const int64_t classes = logits.dim(1);
    for (int64_t i = 0; i < part.count(); ++i) {
      const float* of_row = logits.value().data<float>() + i * classes;
      const auto label = std::max_element(of_row, of_row + classes) - of_row;
      scores.correct.push_back(label == part.labels.data<int32_t>()[i] ? 1 : 0);
    }
  });
  return scores;
}

}  // namespace mlrun

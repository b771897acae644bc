// The likelihoods of examples with the label summed out: -log p(x) = -log sum_y p(x, y).
#include <algorithm>

#include "base/log_sum_exp.hpp"
#include "models/model.hpp"

namespace mlrun {
namespace {

// -log p(x, y) of every class y: [classes][n].
std::vector<std::vector<double>> nll_by_class(const AutoregressiveModel& model, const ParameterArena& parameters,
                                              const Batch& batch, const std::vector<double>& log_prior) {
  std::vector<std::vector<double>> all;
  Batch labelled = batch;
  labelled.labels = Tensor({batch.count()}, DType::kS32);
  for (int64_t y = 0; y < model.classes(); ++y) {
    std::fill_n(labelled.labels.data<int32_t>(), batch.count(), static_cast<int32_t>(y));
    std::vector<double> nll = model.nll(parameters, labelled);
    if (model.condition() == Condition::kClass) {  // of p(x|y) so far
      for (double& v : nll) v -= log_prior[static_cast<size_t>(y)];
    }
    all.push_back(std::move(nll));
  }
  return all;
}

}  // namespace

Likelihoods Model::likelihoods(const ParameterArena& parameters, const Batch& batch) const {
  Scores s = scores(parameters, batch);
  return {std::move(s.nll), {}, {}, std::move(s.correct), std::move(s.codes)};
}

Likelihoods AutoregressiveModel::likelihoods(const ParameterArena& parameters, const Batch& batch) const {
  if (!conditional()) return Model::likelihoods(parameters, batch);
  const std::vector<double> log_prior = log_class_prior(parameters);
  const std::vector<std::vector<double>> nll = nll_by_class(*this, parameters, batch, log_prior);
  Likelihoods all;
  for (int64_t i = 0; i < batch.count(); ++i) {
    const auto at = static_cast<size_t>(i);
    std::vector<double> log_p;
    for (const std::vector<double>& of_class : nll) log_p.push_back(-of_class[at]);
    all.x.push_back(-log_sum_exp(log_p));
    if (!batch.labels.defined()) continue;
    const auto label = static_cast<size_t>(batch.labels.data<int32_t>()[i]);
    const auto likeliest = static_cast<size_t>(std::max_element(log_p.begin(), log_p.end()) - log_p.begin());
    all.xy.push_back(nll[label][at]);
    all.x_given_y.push_back(nll[label][at] + log_prior[label]);
    all.correct.push_back(label == likeliest ? 1 : 0);
  }
  return all;
}

}  // namespace mlrun

#include "evaluate/scores.hpp"

#include <algorithm>

#include "models/codes/code_model.hpp"
#include "models/modelled.hpp"
#include "runs/find_run.hpp"

namespace mlrun {
namespace {

int32_t likeliest(const float* logits, int64_t alphabet) {
  if (alphabet == 2) return logits[0] > 0 ? 1 : 0;
  return static_cast<int32_t>(std::max_element(logits, logits + alphabet) - logits);
}

void append(std::vector<double>& all, const Tensor& part) {
  all.insert(all.end(), part.data<float>(), part.data<float>() + part.count());
}

void score_labels(const Classifier& model, const ParameterArena& parameters, const Batch& batch, Scores& scores) {
  Pass pass(parameters);
  const Variable logits = model.class_logits(pass, batch);
  const int64_t n = batch.count(), classes = logits.dim(1);
  append(scores.nll, label_nll(logits, batch.labels).value());
  for (int64_t i = 0; i < n; ++i) {
    const float* of_row = logits.value().data<float>() + i * classes;
    const auto label = std::max_element(of_row, of_row + classes) - of_row;
    scores.correct.push_back(label == batch.labels.data<int32_t>()[i] ? 1 : 0);
  }
}

// The first component's answers; its logits are also the likelihood, where there is no more to it.
void score_answers(const AutoregressiveModel& model, const ParameterArena& parameters, const Batch& batch,
                   Scores& scores) {
  const DataSpec& data = model.data();
  const int64_t d = data.positions(), width = logits_per_step(data.alphabet);
  Pass pass(parameters);
  const Variable logits = model.logits(pass, batch, 0);
  const Tensor symbols = model.ordered_symbols(batch, 0);
  if (model.components() == 1 && model.condition() != Condition::kJoint) {
    append(scores.nll, modelled_nll(logits, symbols, data).value());
  } else {
    const std::vector<double> nll = model.nll(parameters, batch);
    scores.nll.insert(scores.nll.end(), nll.begin(), nll.end());
  }
  for (int64_t i = 0; i < batch.count(); ++i) {
    int64_t right = 0;
    for (int64_t t = data.given; t < d; ++t) {
      const int32_t guess = likeliest(logits.value().data<float>() + (i * d + t) * width, data.alphabet);
      right += guess == symbols.data<int32_t>()[i * d + t] ? 1 : 0;
    }
    scores.correct.push_back(static_cast<double>(right) / static_cast<double>(data.modelled_positions()));
  }
}

}  // namespace

bool has_accuracy(const Model& model, const DataSpec& data) {
  return model.classifier() || (model.autoregressive() && data.given > 0);
}

int64_t predictions_of(const Model& model, const DataSpec& data) {
  return model.classifier() ? 1 : data.modelled_positions();
}

std::string nll_subject(const Model& model, bool labels_summed_out) {
  if (const CodeModel* codes = model.code_model()) return codes->has_prior() ? kNllOfBound : kNllOfCodes;
  if (model.classifier()) return "y given x";
  const AutoregressiveModel* known = model.autoregressive();
  if (!known) return "x";
  if (known->data().given > 0) return "answer given question";
  if (!known->conditional() || labels_summed_out) return "x";
  return known->condition() == Condition::kJoint ? "x, y" : "x given y";
}

const char* dimension_of(const Model& model, const Dataset& data) {
  if (model.classifier()) return "label";
  return data.vocabulary() ? "char" : "dim";
}

const char* accuracy_words(const Model& model) {
  return model.classifier() ? "argmax of p(y|x)"
         : model.autoregressive() && model.autoregressive()->data().given > 0
             ? "symbols of the answers, given those before them"
             : "Bayes' rule over the classes";
}

Scores scores_of(const Model& model, const ParameterArena& parameters, const Batch& batch) {
  Scores scores;
  const AutoregressiveModel* autoregressive = model.autoregressive();
  const bool answers = autoregressive && autoregressive->data().given > 0;
  if (!answers && !model.classifier()) {
    scores.nll = model.nll(parameters, batch);
    return scores;
  }
  const int64_t most = model.examples_at_once() > 0 ? model.examples_at_once() : batch.count();
  for (int64_t begin = 0; begin < batch.count(); begin += most) {
    const Batch part = batch.slice(begin, std::min(batch.count(), begin + most));
    if (answers) score_answers(*autoregressive, parameters, part, scores);
    else score_labels(*model.classifier(), parameters, part, scores);
  }
  return scores;
}

}  // namespace mlrun

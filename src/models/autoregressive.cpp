#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "models/model.hpp"
#include "models/modelled.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/loss.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

// Runs the parallel view once per position on what is known so far; the unknown rest is 0, and must not matter.
class ParallelStepper : public Stepper {
 public:
  ParallelStepper(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t count,
                  const int32_t* labels, int64_t component)
      : model_(model), parameters_(parameters), component_(component) {
    batch_.symbols = Tensor::zeros({count, model.data().positions()}, DType::kS32);
    if (labels && model.conditional()) {
      batch_.labels = Tensor({count}, DType::kS32);
      std::copy_n(labels, count, batch_.labels.data<int32_t>());
    }
  }

  void logits(float* out) override { logits_of(step_, 1, out); }

  void observe(const int32_t* symbols) override {
    int32_t* s = batch_.symbols.data<int32_t>() + step_++;
    for (int64_t i = 0; i < batch_.count(); ++i) s[i * batch_.symbols.dim(1)] = symbols[i];
  }

  // The symbols behind the mark stay until they are observed anew, which must not matter.
  bool can_rewind() const override { return true; }
  void mark() override { marked_ = step_; }
  void rewind(int64_t kept) override { step_ = marked_ + kept; }

  bool can_extend() const override { return true; }
  void extend(const int32_t* symbols, int64_t length, float* out) override {
    const int64_t before = step_;
    for (int64_t t = 0; t < length; ++t) observe(symbols + t * batch_.count());
    if (out) logits_of(before + 1, length, out);
  }

 private:
  // Of `length` steps from `first` on.
  void logits_of(int64_t first, int64_t length, float* out) const {
    Pass pass(parameters_);
    const Tensor all = model_.logits(pass, batch_, component_).value();
    const int64_t n = batch_.count(), d = model_.data().positions(), k = all.count() / (n * d);
    for (int64_t t = 0; t < length; ++t) {
      for (int64_t i = 0; i < n; ++i)
        std::copy_n(all.data<float>() + (i * d + first + t) * k, k, out + (t * n + i) * k);
    }
  }

  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  int64_t component_;
  int64_t step_ = 0, marked_ = 0;
  OrderedBatch batch_;
};

int32_t likeliest(const float* logits, int64_t alphabet) {
  if (alphabet == 2) return logits[0] > 0 ? 1 : 0;
  return static_cast<int32_t>(std::max_element(logits, logits + alphabet) - logits);
}

class ParallelStepView : public StepView {
 public:
  ParallelStepView(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t component)
      : model_(model), parameters_(parameters), component_(component) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    return std::make_unique<ParallelStepper>(model_, parameters_, count, labels, component_);
  }
  bool runs_parallel_view() const override { return true; }

 private:
  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  int64_t component_;
};

}  // namespace

void Stepper::extend(const int32_t*, int64_t, float*) {
  fail(ExitCode::kInternal, "a stepper that makes single steps");
}
void Stepper::head_logits(int64_t, int32_t, float*) { fail(ExitCode::kInternal, "a stepper without heads"); }
void Stepper::mark() { fail(ExitCode::kInternal, "a stepper that cannot go back"); }
void Stepper::rewind(int64_t) { fail(ExitCode::kInternal, "a stepper that cannot go back"); }

ModelRegistry& model_kinds() {
  static ModelRegistry registry;
  return registry;
}

Variable negative_log_likelihood(const Variable& logits, const Tensor& symbols) {
  return logits.value().rank() == 2 ? ops::bernoulli_nll(logits, symbols) : ops::categorical_nll(logits, symbols);
}

Variable shape_as_logits(const Variable& flat, const DataSpec& data) {
  return data.alphabet == 2 ? flat : ops::reshape(flat, {flat.dim(0), data.positions(), data.alphabet});
}

AutoregressiveModel::AutoregressiveModel(const DataSpec& data, Condition condition, const Scope& scope)
    : data_(data), condition_(condition) {
  if (!conditional()) return;
  if (data.classes == 0) {
    fail(ExitCode::kUsage,
         "model.condition {} needs labels, and this data has none\n"
         "  leave the labels out   model.condition=none",
         condition == Condition::kClass ? "class" : "joint");
  }
  if (condition == Condition::kJoint) {
    class_prior_ = scope.parameter("class_prior", {data.classes}, "class", ParameterKind::kBias, initialise::zeros());
  }
}

const Tensor& AutoregressiveModel::labels_of(const Batch& batch) const {
  require(batch.labels.defined() && batch.labels.count() == batch.count(),
          "a conditional model was given a batch without labels");
  return batch.labels;
}

std::vector<double> AutoregressiveModel::log_class_prior(const ParameterArena& parameters) const {
  require(conditional(), "the prior of the classes of a model without a condition");
  std::vector<double> prior(static_cast<size_t>(data_.classes), -std::log(static_cast<double>(data_.classes)));
  if (condition_ != Condition::kJoint) return prior;
  const float* logits = parameters.value(class_prior_.index()).data<float>();
  std::copy_n(logits, prior.size(), prior.begin());
  const double total = log_sum_exp(prior);
  for (double& log_p : prior) log_p -= total;
  return prior;
}

// Depends on the batch only through how often each label comes.
Variable AutoregressiveModel::class_prior_loss(Pass& pass, const Batch& batch) const {
  Tensor counts = Tensor::zeros({data_.classes});
  const int32_t* labels = labels_of(batch).data<int32_t>();
  for (int64_t i = 0; i < batch.count(); ++i) counts.data<float>()[labels[i]] += 1.0f;
  return ops::negate(ops::sum(ops::mul(ops::log_softmax(pass(class_prior_)), Variable(counts))));
}

NllSubject AutoregressiveModel::nll_subject(bool labels_summed_out) const {
  if (data_.given > 0) return NllSubject::kAnswer;
  if (!conditional() || labels_summed_out) return NllSubject::kX;
  return condition_ == Condition::kJoint ? NllSubject::kXAndY : NllSubject::kXGivenY;
}

const char* AutoregressiveModel::accuracy_words() const {
  return has_accuracy() ? "symbols of the answers, given those before them" : Model::accuracy_words();
}

Scores AutoregressiveModel::scores(const ParameterArena& parameters, const Batch& batch) const {
  if (!has_accuracy()) return Model::scores(parameters, batch);
  Scores scores;
  in_pieces(batch.count(),
            [&](int64_t begin, int64_t end) { score_answers(parameters, batch.slice(begin, end), scores); });
  return scores;
}

// The first component's answers; its logits are also the likelihood, where there is no more to it.
void AutoregressiveModel::score_answers(const ParameterArena& parameters, const Batch& batch, Scores& scores) const {
  const int64_t d = data_.positions(), width = logits_per_step(data_.alphabet);
  Pass pass(parameters);
  const OrderedBatch steps = ordered(batch, 0);
  const Tensor symbols = steps.symbols;
  const Variable step_logits = logits(pass, steps, 0);
  if (components() == 1 && condition_ != Condition::kJoint) {
    const Tensor part = modelled_nll(step_logits, symbols, data_).value();
    scores.nll.insert(scores.nll.end(), part.data<float>(), part.data<float>() + part.count());
  } else {
    const std::vector<double> part = nll(parameters, batch);
    scores.nll.insert(scores.nll.end(), part.begin(), part.end());
  }
  for (int64_t i = 0; i < batch.count(); ++i) {
    int64_t right = 0;
    for (int64_t t = data_.given; t < d; ++t) {
      const int32_t guess = likeliest(step_logits.value().data<float>() + (i * d + t) * width, data_.alphabet);
      right += guess == symbols.data<int32_t>()[i * d + t] ? 1 : 0;
    }
    scores.correct.push_back(static_cast<double>(right) / static_cast<double>(data_.modelled_positions()));
  }
}

Layout AutoregressiveModel::layout() const {
  const int64_t d = data_.positions(), k = data_.alphabet;
  Layout layout;
  layout.line(
      fmt::format("x: the symbols of an example in stored order, {} of them, each 0 .. {}; sigma is the logistic "
                  "sigmoid",
                  d, k - 1));
  if (begins_in_stored_order(*this, d)) {
    layout.line("step t is about position t; s = x");
  } else {
    layout.line(fmt::format("step t is about position order[t], order = /buffers/order{}; s[t] = x[order[t]]",
                            components() > 1 ? " (component c: order_c)" : ""));
  }
  layout.part("", network_layout());
  layout.line(k == 2 ? "l[t], one number: the log-odds of symbol 1; -log p = softplus(l) for a 0, softplus(-l) for a 1"
                     : fmt::format("l[t], {} numbers: log p = log_softmax(l[t]) at the symbol of the step", k));
  layout.line(data_.given == 0
                  ? "-log p(x) in nats: the sum over the steps"
                  : fmt::format("the first {} symbols are a question: -log p is the sum over steps {} .. {}",
                                data_.given, data_.given, d - 1));
  if (components() > 1) {
    layout.line(mixture_formula());
  }
  if (condition_ == Condition::kClass) {
    layout.line(fmt::format("all of that is given the label y, 0 .. {}: p(x|y), and p(y) is uniform", classes() - 1));
  }
  if (condition_ == Condition::kJoint) {
    layout.line(fmt::format("all of that is given the label y, 0 .. {}: p(x|y); log p(y) = log_softmax(class_prior)[y]",
                            classes() - 1));
    layout.tensor("class_prior", "log p(y) up to a constant");
  }
  return layout;
}

OrderedBatch AutoregressiveModel::ordered(const Batch& batch, int64_t component) const {
  return {{in_order(batch.symbols, order(component)), batch.labels, batch.augmentation}};
}

Variable AutoregressiveModel::loss(Pass& pass, const Batch& batch) const {
  const int64_t component = training_component(pass.step());
  const OrderedBatch steps = ordered(batch, component);
  const Variable given = ops::sum(modelled_nll(logits(pass, steps, component), steps.symbols, data_));
  return condition_ == Condition::kJoint ? ops::add(given, class_prior_loss(pass, batch)) : given;
}

std::vector<double> AutoregressiveModel::log_weights(const ParameterArena&) const {
  const auto k = static_cast<size_t>(components());
  return std::vector<double>(k, -std::log(static_cast<double>(k)));
}

std::string AutoregressiveModel::mixture_formula() const {
  return fmt::format("p(x) is the mean over {} components: log(mean(exp(log p_c(x))))", components());
}

std::vector<std::vector<double>> AutoregressiveModel::nll_by_component(const ParameterArena& parameters,
                                                                       const Batch& batch) const {
  std::vector<std::vector<double>> all(static_cast<size_t>(components()));
  in_pieces(batch.count(), [&](int64_t begin, int64_t end) {
    const Batch piece = batch.slice(begin, end);
    for (size_t c = 0; c < all.size(); ++c) {
      const auto component = static_cast<int64_t>(c);
      const OrderedBatch steps = ordered(piece, component);
      Pass pass(parameters);
      const Tensor part = modelled_nll(logits(pass, steps, component), steps.symbols, data_).value();
      all[c].insert(all[c].end(), part.data<float>(), part.data<float>() + piece.count());
    }
  });
  return all;
}

std::vector<double> AutoregressiveModel::nll(const ParameterArena& parameters, const Batch& batch) const {
  const std::vector<std::vector<double>> parts = nll_by_component(parameters, batch);
  const std::vector<double> weights = log_weights(parameters);
  std::vector<double> total(static_cast<size_t>(batch.count())), terms(parts.size());
  for (size_t i = 0; i < total.size(); ++i) {  // -log sum_c w_c exp(-nll_c)
    for (size_t c = 0; c < parts.size(); ++c) terms[c] = weights[c] - parts[c][i];
    total[i] = -log_sum_exp(terms);
  }
  if (condition_ == Condition::kJoint) {
    const std::vector<double> prior = log_class_prior(parameters);
    const int32_t* labels = labels_of(batch).data<int32_t>();
    for (size_t i = 0; i < total.size(); ++i) total[i] -= prior[static_cast<size_t>(labels[i])];
  }
  return total;
}

double AutoregressiveModel::fit(const ParameterArena&, const std::vector<std::vector<double>>&) const {
  fail(ExitCode::kInternal, "a model that has nothing to fit at once");
}

std::unique_ptr<StepView> AutoregressiveModel::default_step_view(const ParameterArena& parameters,
                                                                 int64_t component) const {
  return std::make_unique<ParallelStepView>(*this, parameters, component);
}

std::unique_ptr<StepView> AutoregressiveModel::step_view_in(const ParameterArena&, const std::vector<int64_t>&) const {
  fail(ExitCode::kInternal, "a step view in an order that this model does not have");
}

std::unique_ptr<StepView> AutoregressiveModel::step_view(const ParameterArena& parameters, int64_t component) const {
  return default_step_view(parameters, component);
}

}  // namespace mlrun

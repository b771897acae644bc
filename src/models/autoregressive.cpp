#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "models/model.hpp"
#include "ops/loss.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

bool is_identity(const std::vector<int64_t>& order) {
  for (size_t t = 0; t < order.size(); ++t) {
    if (order[t] != static_cast<int64_t>(t)) return false;
  }
  return true;
}

// Runs the parallel view once per position on what is known so far; the unknown rest is 0, and must not matter.
class ParallelStepper : public Stepper {
 public:
  ParallelStepper(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t count, int64_t component)
      : model_(model), parameters_(parameters), component_(component) {
    batch_.symbols = Tensor::zeros({count, model.data().positions()}, DType::kS32);
  }

  void logits(float* out) override {
    Pass pass(parameters_);
    const Tensor all = model_.logits(pass, batch_, component_).value();
    const int64_t n = batch_.count(), d = model_.data().positions(), k = all.count() / (n * d);
    for (int64_t i = 0; i < n; ++i) std::copy_n(all.data<float>() + (i * d + step_) * k, k, out + i * k);
  }

  void observe(const int32_t* symbols) override {
    const int64_t position = model_.order(component_)[static_cast<size_t>(step_++)];
    int32_t* s = batch_.symbols.data<int32_t>() + position;
    for (int64_t i = 0; i < batch_.count(); ++i) s[i * batch_.symbols.dim(1)] = symbols[i];
  }

 private:
  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  int64_t component_;
  int64_t step_ = 0;
  Batch batch_;
};

class ParallelStepView : public StepView {
 public:
  ParallelStepView(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t component)
      : model_(model), parameters_(parameters), component_(component) {}
  std::unique_ptr<Stepper> begin(int64_t count) const override {
    return std::make_unique<ParallelStepper>(model_, parameters_, count, component_);
  }

 private:
  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  int64_t component_;
};

}  // namespace

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

Tensor AutoregressiveModel::ordered_symbols(const Batch& batch, int64_t component) const {
  const std::vector<int64_t>& positions = order(component);
  const int64_t n = batch.count(), d = static_cast<int64_t>(positions.size());
  require(batch.symbols.dim(1) == d, "a batch of shape {} for a model of {} positions",
          to_string(batch.symbols.shape()), d);
  if (is_identity(positions)) return batch.symbols;
  Tensor out({n, d}, DType::kS32);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t* from = batch.symbols.data<int32_t>() + i * d;
    int32_t* to = out.data<int32_t>() + i * d;
    for (int64_t t = 0; t < d; ++t) to[t] = from[positions[static_cast<size_t>(t)]];
  }
  return out;
}

Variable AutoregressiveModel::loss(Pass& pass, const Batch& batch) const {
  const int64_t component = training_component(pass.step());
  return ops::sum(negative_log_likelihood(logits(pass, batch, component), ordered_symbols(batch, component)));
}

std::vector<double> AutoregressiveModel::nll(const ParameterArena& parameters, const Batch& batch) const {
  const auto n = static_cast<size_t>(batch.count());
  const int64_t k = components();
  std::vector<double> total(n);
  std::vector<std::vector<double>> parts;
  for (int64_t c = 0; c < k; ++c) {
    Pass pass(parameters);
    const Tensor part = negative_log_likelihood(logits(pass, batch, c), ordered_symbols(batch, c)).value();
    parts.emplace_back(part.data<float>(), part.data<float>() + n);
  }
  for (size_t i = 0; i < n; ++i) {  // -log (1/k sum_c exp(-nll_c))
    double least = parts[0][i], sum = 0;
    for (const auto& part : parts) least = std::min(least, part[i]);
    for (const auto& part : parts) sum += std::exp(least - part[i]);
    total[i] = k == 1 ? least : least - std::log(sum / static_cast<double>(k));
  }
  return total;
}

std::unique_ptr<StepView> AutoregressiveModel::default_step_view(const ParameterArena& parameters,
                                                                 int64_t component) const {
  return std::make_unique<ParallelStepView>(*this, parameters, component);
}

std::unique_ptr<StepView> AutoregressiveModel::step_view(const ParameterArena& parameters, int64_t component) const {
  return default_step_view(parameters, component);
}

}  // namespace mlrun

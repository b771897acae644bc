#include "models/sequence/moe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/embedding.hpp"
#include "kernels/vector/softmax.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

// s of a router's logits, for steps; ops::softmax and ops::sigmoid have the same kernels.
Tensor scores_of(ExpertGate gate, const Tensor& logits) {
  if (gate == ExpertGate::kSoftmax) return kernels::softmax(logits);
  Tensor scores(logits.shape());
  kernels::apply(kernels::Function::kSigmoid, logits.data<float>(), scores.data<float>(), logits.count());
  return scores;
}

Tensor ids_of(const std::vector<int32_t>& rows) { return Tensor::of({static_cast<int64_t>(rows.size())}, rows); }

// Each row divided by its sum.
Variable normalised(const Variable& x) { return ops::div(x, ops::sum(x, {-1}, /*keep=*/true)); }

// What a part says of its tensors, without its line.
Layout tensors_of(const DenseMlp& dense) {
  const Layout all = dense.layout();
  Layout tensors;
  for (const Layout::Entry& entry : all.tensors()) tensors.tensor(entry.path, entry.meaning);
  return tensors;
}

}  // namespace

Moe::Moe(const MoeOptions& options, int64_t width, int64_t hidden, const Scope& scope)
    : options_(options),
      width_(width),
      router_(scope / "router", width, options.experts, LinearBias::kNo),
      bias_(options.balance == ExpertBalance::kBias
                ? scope.state("bias", {options.experts}, "expert", StateKind::kEvaluated, initialise::zeros())
                : Tensor::zeros({options.experts})),
      chosen_(scope.statistic({options.experts})) {
  for (int64_t e = 0; e < options.experts; ++e)
    experts_.emplace_back(options.expert, width, hidden, scope / fmt::format("expert_{}", e + 1));
  for (int64_t e = 0; e < options.shared; ++e)
    shared_.emplace_back(options.expert, width, hidden, scope / fmt::format("shared_{}", e + 1));
}

Moe::Choice Moe::choose(const Tensor& scores) const {
  const int64_t n = scores.dim(0), k = options_.top_k;
  Choice choice = {Tensor({n, k}, DType::kS32), std::vector<std::vector<int32_t>>(experts_.size()),
                   Tensor({n, k}, DType::kS32)};
  std::vector<float> of_row(experts_.size());
  std::vector<uint8_t> taken(experts_.size());
  for (int64_t row = 0; row < n; ++row) {
    std::fill(taken.begin(), taken.end(), uint8_t{0});
    for (size_t e = 0; e < experts_.size(); ++e)
      of_row[e] = scores.data<float>()[row * count() + static_cast<int64_t>(e)] + bias_.data<float>()[e];
    for (int64_t j = 0; j < k; ++j) {
      size_t best = experts_.size();
      for (size_t e = 0; e < experts_.size(); ++e)
        if (taken[e] == 0 && (best == experts_.size() || of_row[e] > of_row[best])) best = e;
      taken[best] = 1;
    }
    int32_t *to = choice.experts.data<int32_t>() + row * k, *place = choice.places.data<int32_t>() + row * k;
    for (size_t e = 0; e < experts_.size(); ++e) {
      if (taken[e] == 0) continue;
      *to++ = static_cast<int32_t>(e);
      *place++ = static_cast<int32_t>(choice.rows[e].size());  // among those of its expert, so far
      choice.rows[e].push_back(static_cast<int32_t>(row));
    }
  }
  std::vector<int32_t> begin(experts_.size());
  for (size_t e = 1; e < begin.size(); ++e) begin[e] = begin[e - 1] + static_cast<int32_t>(choice.rows[e - 1].size());
  for (int64_t i = 0; i < n * k; ++i)
    choice.places.data<int32_t>()[i] += begin[static_cast<size_t>(choice.experts.data<int32_t>()[i])];
  return choice;
}

Variable Moe::operator()(Pass& pass, const Variable& x) const {
  const Variable rows = ops::reshape(x, {-1, width_}), logits = router_.of_rows(pass, rows);
  const Variable scores = options_.gate == ExpertGate::kSoftmax ? ops::softmax(logits) : ops::sigmoid(logits);
  const Choice choice = choose(scores.value());
  if (Tensor* chosen = pass.statistic(chosen_)) {
    for (size_t e = 0; e < experts_.size(); ++e) chosen->data<float>()[e] += static_cast<float>(choice.rows[e].size());
  }
  if (options_.balance == ExpertBalance::kLoss && pass.training()) add_balance_loss(pass, scores, choice);
  const Variable taken = ops::pick(scores, choice.experts), gates = options_.top_k == 1 ? taken : normalised(taken);
  std::vector<Variable> results;
  for (size_t e = 0; e < experts_.size(); ++e) {
    if (choice.rows[e].empty()) continue;
    results.push_back(experts_[e].of_rows(pass, ops::embedding(rows, ids_of(choice.rows[e]))));
  }
  Variable y = ops::mix_rows(results.size() == 1 ? results.front() : ops::concat(results, 0), choice.places, gates);
  for (const DenseMlp& shared : shared_) y = ops::add(y, shared.of_rows(pass, rows));
  return ops::reshape(y, x.shape());
}

void Moe::add_balance_loss(Pass& pass, const Variable& scores, const Choice& choice) const {
  Tensor shares({1, count()});
  const auto all = static_cast<double>(choice.experts.count());
  for (size_t e = 0; e < experts_.size(); ++e)
    shares.data<float>()[e] = static_cast<float>(static_cast<double>(choice.rows[e].size()) / all);
  const Variable p = options_.gate == ExpertGate::kSoftmax ? scores : normalised(scores);
  pass.add_loss(
      ops::scale(ops::sum(ops::mul(p, shares)), static_cast<float>(options_.weight * static_cast<double>(count()))));
}

void Moe::after_step(const std::vector<Statistics>& lanes) {
  if (options_.balance != ExpertBalance::kBias) return;
  const Tensor chosen = sum_over_lanes(lanes, chosen_);
  double all = 0;
  for (int64_t e = 0; e < count(); ++e) all += static_cast<double>(chosen.data<float>()[e]);
  const double even = all / static_cast<double>(count());
  for (int64_t e = 0; e < count(); ++e) {
    const double missing = even - static_cast<double>(chosen.data<float>()[e]);
    const double sign = missing > 0 ? 1 : missing < 0 ? -1 : 0;
    bias_.data<float>()[e] += static_cast<float>(options_.rate * sign);
  }
}

int64_t Moe::inactive_parameters() const { return (count() - options_.top_k) * experts_.front().parameters(); }

ExpertCounts Moe::expert_counts(const Statistics& gathered) const {
  const Tensor& chosen = gathered[chosen_.index()];
  ExpertCounts counts;
  for (int64_t e = 0; e < count(); ++e) counts.push_back(static_cast<int64_t>(chosen.data<float>()[e]));
  return counts;
}

class Moe::Steps : public MlpSteps {
 public:
  explicit Steps(const Moe& of) : moe(of), router(of.router_.packed()) {
    for (const DenseMlp& expert : of.experts_) experts.push_back(expert.packed());
    for (const DenseMlp& shared : of.shared_) always.push_back(shared.packed());
  }
  std::unique_ptr<MlpStepper> begin(int64_t count) const override;
  const Moe& moe;
  PackedLinear router;
  std::vector<DenseMlp::Packed> experts, always;
};

class Moe::Stepper : public MlpStepper {
 public:
  explicit Stepper(const Steps& steps) : steps_(steps) {}

  Tensor extend(const Tensor& x) override {
    const Moe& moe = steps_.moe;
    const int64_t n = x.dim(0), k = moe.options_.top_k, width = moe.width_;
    Tensor logits({n, moe.count()});
    steps_.router(x.data<float>(), n, logits.data<float>());
    const Tensor scores = scores_of(moe.options_.gate, logits);
    const Choice choice = moe.choose(scores);
    Tensor results({n * k, width});
    float* to = results.data<float>();
    for (size_t e = 0; e < steps_.experts.size(); ++e) {
      if (choice.rows[e].empty()) continue;
      const Tensor y = moe.experts_[e].rows(steps_.experts[e], kernels::gather_rows(x, ids_of(choice.rows[e])));
      to = std::copy_n(y.data<float>(), y.count(), to);
    }
    Tensor y = kernels::mix_rows(results, choice.places, gates_of(scores, choice));
    for (size_t e = 0; e < steps_.always.size(); ++e) kernels::add_to(y, moe.shared_[e].rows(steps_.always[e], x));
    return y;
  }

 private:
  Tensor gates_of(const Tensor& scores, const Choice& choice) const {
    const int64_t k = steps_.moe.options_.top_k, experts = steps_.moe.count();
    Tensor gates(choice.experts.shape());
    for (int64_t row = 0; row < gates.dim(0); ++row) {
      float* g = gates.data<float>() + row * k;
      double sum = 0;  // as ops::sum does
      for (int64_t j = 0; j < k; ++j) {
        g[j] = scores.data<float>()[row * experts + choice.experts.data<int32_t>()[row * k + j]];
        sum += static_cast<double>(g[j]);
      }
      if (k == 1) continue;
      for (int64_t j = 0; j < k; ++j) g[j] /= static_cast<float>(sum);
    }
    return gates;
  }
  const Steps& steps_;
};

std::unique_ptr<MlpStepper> Moe::Steps::begin(int64_t) const { return std::make_unique<Stepper>(*this); }

std::unique_ptr<MlpSteps> Moe::steps() const { return std::make_unique<Steps>(*this); }

Layout Moe::layout() const {
  const bool softmax = options_.gate == ExpertGate::kSoftmax, biased = options_.balance == ExpertBalance::kBias;
  Layout layout;
  layout.line(fmt::format("score = {}(x @ mlp/router/weight'), a number for each of {} experts",
                          softmax ? "softmax" : "sigma", count()));
  layout.line(fmt::format("C = the {} experts with the largest score{}, of equal ones the first;  g[e] = score[e]{}",
                          options_.top_k, biased ? " + mlp/bias" : "",
                          options_.top_k == 1 ? "" : " / (sum of score over C)"));
  std::string sum = "m = sum over e in C of g[e] E[e]";
  layout.line("E[e] = " + experts_.front().formula("mlp/expert_<e>") + ", counted from 1");
  for (size_t e = 0; e < shared_.size(); ++e)
    sum += fmt::format(" + {}", shared_[e].formula(fmt::format("mlp/shared_{}", e + 1)));
  layout.line(sum);
  layout.tensor("router/weight", "a row for each expert");
  if (biased)
    layout.tensor("bias", "what an expert's score is raised by for the choice alone; training follows its load");
  layout.part("expert_*/", tensors_of(experts_.front()));
  if (!shared_.empty()) layout.part("shared_*/", tensors_of(shared_.front()));
  return layout;
}

}  // namespace mlrun

// A mixture of experts (Shazeer et al. 2017; GShard, Lepikhin et al. 2020; Switch, Fedus et al. 2021): a router sends each
// position to the top_k of many MLPs, and takes their results by its own weights:
//
//   s = softmax(R x) or sigmoid(R x),   C = the top_k experts with the largest s_e + b_e (of equal ones the first)
//   g_e = s_e / sum of s over C;  where top_k is 1: s_e, so that the router learns from what its expert is worth
//   m(x) = sum over e in C of g_e E_e(x)  +  the shared experts, which see every position
//
// No position is dropped: the rows of an expert are gathered, however many they are, and all go through it in one product.
// A row's bits depend on that row alone, so they are those of the step view, and of any batch; the choice is a function of
// the row to the bit, and has no gradient. s has one.
//
// Balance as a loss (Fedus et al. 2021, eq. 4 to 6): weight * experts * sum_e f_e P_e for every position, f_e the share of
// choices that fell on e and P_e the mean of s_e (of sigmoids: of s_e / sum of s), both over the positions of the pass, which is
// a lane's share of the batch or a piece of it, and never a thread's. Balance as a bias (Wang et al. 2024, algorithm 1): b_e
// enters the choice alone, and after every step b_e += rate * sign(mean over experts of the choices - those of e), counted over
// all lanes; b is a state of the model, in its checkpoint.
#pragma once

#include <vector>

#include "models/sequence/dense_mlp.hpp"

namespace mlrun {

class Moe : public Mlp {
 public:
  Moe(const MoeOptions& options, int64_t width, int64_t hidden, const Scope& scope);
  Variable operator()(Pass& pass, const Variable& x) const override;
  std::unique_ptr<MlpSteps> steps() const override;
  Layout layout() const override;
  void after_step(const std::vector<Statistics>& lanes) override;
  bool adds_loss() const override { return options_.balance == ExpertBalance::kLoss; }
  int64_t inactive_parameters() const override;
  ExpertCounts expert_counts(const Statistics& gathered) const override;

  // Which experts rows go to, from their scores s [rows, experts].
  struct Choice {
    Tensor experts;                          // s32 [rows, top_k], ascending in each row
    std::vector<std::vector<int32_t>> rows;  // of each expert, ascending
    // s32 [rows, top_k]: where the results of a row stand, when those of the first expert come first.
    Tensor places;
  };
  Choice choose(const Tensor& scores) const;

 private:
  class Steps;
  class Stepper;
  int64_t count() const { return static_cast<int64_t>(experts_.size()); }
  void add_balance_loss(Pass& pass, const Variable& scores, const Choice& choice) const;

  MoeOptions options_;
  int64_t width_;
  Linear router_;
  std::vector<DenseMlp> experts_, shared_;
  Tensor bias_;  // the state b [experts]; zeros where balance is none of kBias
  Statistic chosen_;
};

}  // namespace mlrun

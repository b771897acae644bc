// The rate of a VQ-VAE, learned along with it: a small autoregressive prior over the grid of its codes, and codes that
// feel what they cost.
//
// Two encoders are known. Let l = Quantizer::log_odds(z), s = softmax(l / temperature) and p(k | before) the prior.
//
// deterministic: codes k are the quantiser's, and the loss gets weight * R, R = sum over positions of -log p(k |
//   before). R is sum_k w_k (-log p(k | before(w))) with w the one-hot codes; its gradient reaches z straight through,
//   dl = J_softmax(l / temperature)^T dR/dw / temperature: by the code's own length and by what it does to the context
//   of later ones.
// stochastic: q(k|x) = softmax(l), independent over positions; codes are drawn, k = argmax(l + g), g Gumbel noise, and
//   the one-hot w has the gradient of ReinMax (Liu et al. 2023, "Bridging discrete and backpropagation", algorithm 2):
//   with pi = softmax(l) and m = (w + softmax(l / temperature)) / 2 and J(p) v = p (v - p . v) for each position,
//   dl = 2 J(m) dw - J(pi) dw / 2, at temperature 1 exact in the mean for quadratic functions of w.
//   The loss gets weight * KL, KL = sum over positions and k of q_k (log q_k - log p(k | before(w))): a one-sample
//   estimate of E_q[log q(z|x) - log p(z)] with the own code of every position summed out. With weight 1 the loss is
//   the negative ELBO, nats.
//
// The prior's parameters learn by ordinary likelihood in both. With `warmup` the weight of R or KL rises linearly over
// the first steps (Sonderby et al. 2016): without it the drawn codes of two levels stayed unused on MNIST.
#pragma once

#include <vector>

#include "config/reader.hpp"
#include "models/codes/code_grid.hpp"
#include "nn/conv.hpp"
#include "nn/layout.hpp"

namespace mlrun {

struct CodePriorOptions {
  explicit CodePriorOptions(config::Reader& section);  // the keys `kind`, `weight`, `warmup`, `channels` and `blocks`
  bool prior;                                          // kind: none or prior
  double weight = 0;
  int64_t warmup = 0;  // steps
  int64_t channels = 0, blocks = 0;
};

// For each level masked convolutions over one-hot codes: 5 x 5 with mask A, then residual 3 x 3 with mask B, 1 x 1 to
// the logits. A finer level is given the coarser ones whole: 3 x 3 over their codes, transposed to its size and added
// to its first layer.
class CodePrior {
 public:
  CodePrior(const CodePriorOptions& options, const CodeGrid& grid, int64_t alphabet, const Scope& scope);
  // log p(k | codes before), of codes as weights [n grid.positions(), alphabet] -> the same shape, nats.
  Variable log_p(Pass& pass, const Variable& weights) const;
  Layout layout() const;

 private:
  struct Level {
    Conv above;         // over the codes of the level above; of the coarsest, nothing
    ConvTransposed up;  // to this one's size
    Conv stem, output;
    std::vector<Conv> blocks;
  };
  CodeGrid grid_;
  std::vector<Level> levels_;
};

// What a step weighs the rate with. The count of steps is a state of the model, kept in checkpoints.
class RateWeight {
 public:
  RateWeight(const CodePriorOptions& options, const Scope& scope);
  float now() const;
  bool is_one() const { return weight_ == 1 && warmup_ == 0; }  // at every step
  void after_step();

 private:
  float weight_;
  int64_t warmup_;
  Tensor steps_;  // undefined without a warmup
};

// sum over rows of sum_k w_k (-log p_k) -> []
Variable code_length(const Variable& weights, const Variable& log_p);
// sum over rows of sum_k q_k (log q_k - log p_k), log q = log_softmax(log_odds) -> []
Variable code_divergence(const Variable& log_odds, const Variable& log_p);

}  // namespace mlrun

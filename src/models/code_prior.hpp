// The rate of a VQ-VAE, learned along with it: a small autoregressive prior over the grid of its codes, and codes that
// feel what they cost.
//
// Two encoders are known. Let l = Quantizer::log_odds(z), s = softmax(l / temperature) and p(k | before) the prior.
//
// deterministic: codes k are the quantiser's, and the loss gets weight * R, R = sum over positions of -log p(k |
//   before). R is sum_k w_k (-log p(k | before(w))) with w the one-hot codes; its gradient reaches z straight through,
//   dl = J_softmax(l / temperature)^T dR/dw / temperature: by the code's own length and by what it does to the context
//   of later ones.
// stochastic: q(k|x) = softmax(l), independent over positions; codes are drawn, k = argmax(l + g), g Gumbel noise, and w
//   is one-hot with the gradient of softmax((l + g) / temperature) (straight-through Gumbel-softmax, Jang et al. 2017).
//   The loss gets weight * KL, KL = sum over positions and k of q_k (log q_k - log p(k | before(w))): a one-sample
//   estimate of E_q[log q(z|x) - log p(z)] with the own code of every position summed out. With weight 1 the loss is the
//   negative ELBO, nats.
//
// The prior's parameters learn by ordinary likelihood in both.
#pragma once

#include <vector>

#include "config/reader.hpp"
#include "nn/conv.hpp"

namespace mlrun {

struct CodePriorOptions {
  explicit CodePriorOptions(config::Reader& section);  // the keys `kind`, `weight`, `channels` and `blocks`
  bool prior;                                          // kind: none or prior
  double weight = 0;
  int64_t channels = 0, blocks = 0;
};

// Masked convolutions over one-hot codes: 5 x 5 with mask A, then residual 3 x 3 with mask B, 1 x 1 to the logits.
class CodePrior {
 public:
  CodePrior(const CodePriorOptions& options, int64_t rows, int64_t columns, int64_t alphabet, const Scope& scope);
  // log p(k | codes before), of codes as weights [n rows columns, alphabet] -> the same shape, nats.
  Variable log_p(Pass& pass, const Variable& weights) const;

 private:
  int64_t rows_, columns_, alphabet_;
  Conv stem_, output_;
  std::vector<Conv> blocks_;
};

// Codes s32 [rows, 1] as f32 [rows, alphabet].
Tensor one_hot_codes(const Tensor& codes, int64_t alphabet);
// -log(-log u) of uniform numbers u.
Tensor gumbel_noise(const Shape& shape, const RandomStream& noise);

struct DrawnCodes {
  Tensor codes;      // s32 [rows, 1]
  Variable weights;  // one-hot [rows, alphabet], with the straight-through gradient
};
// argmax(log_odds + noise), noise [rows, alphabet] or undefined.
DrawnCodes draw_codes(const Variable& log_odds, const Tensor& noise, double temperature);

// Codes that were chosen already, with the gradient of softmax(log_odds / temperature) -> weights [rows, alphabet].
Variable chosen_codes(const Variable& log_odds, const Tensor& codes, double temperature);

// sum over rows of sum_k w_k (-log p_k) -> []
Variable code_length(const Variable& weights, const Variable& log_p);
// sum over rows of sum_k q_k (log q_k - log p_k), log q = log_softmax(log_odds) -> []
Variable code_divergence(const Variable& log_odds, const Variable& log_p);

}  // namespace mlrun

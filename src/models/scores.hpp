// What evaluation learns of the examples of a batch.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun {

// Of a VQ-VAE: -log p(x | encode(x)), and what else one pass over images tells.
struct Reconstruction {
  std::vector<double> nll;   // of each image, nats
  std::vector<double> rate;  // log q(z|x) - log p(z) by its own prior, nats; empty where it has none
  Tensor codes;              // s32 [n, codes().positions()]
  int64_t alphabet = 0;      // how many codes there are
  double squared_error = 0;  // sum over all vectors of |z - q|^2
  int64_t vectors = 0;       // how many there were
  int64_t restarted = 0;     // codes that were restarted because nothing used them, since training began
};

// What one pass finds.
struct Scores {
  std::vector<double> nll;                   // Model::nll
  std::vector<double> correct;               // where has_accuracy(), else empty: how far the likeliest answer
                                             // is the right one, 0 .. 1
  std::optional<Reconstruction> codes = {};  // of a VQ-VAE
};

// -log p in nats of each example.
struct Likelihoods {
  // -log p(x). A classifier's is -log p(y|x); a conditional model's sums the label out: -log sum_y p(y) p(x|y).
  std::vector<double> x;
  // -log p(x, y) and -log p(x|y), where y is the example's label; empty unless the model is conditional and the batch
  // has labels.
  std::vector<double> xy, x_given_y;
  // Of a conditional model with labels: 1 where the label has the largest p(y|x) by Bayes' rule, else 0. Of any other
  // model: Scores::correct.
  std::vector<double> correct;
  std::optional<Reconstruction> codes = {};  // of a VQ-VAE
};

}  // namespace mlrun

// Codes that an encoder draws, or chose, as one-hot numbers with a gradient; which rule is used where, and why, says
// models/codes/code_prior.hpp.
#pragma once

#include "autograd/tape.hpp"
#include "base/random.hpp"

namespace mlrun {

// Codes s32 [rows, 1] as f32 [rows, alphabet].
Tensor one_hot_codes(const Tensor& codes, int64_t alphabet);
// -log(-log u) of uniform numbers u.
Tensor gumbel_noise(const Shape& shape, const RandomStream& noise);
// The same [n rows, alphabet] for images s32 [n, positions], `rows` of each: a function of the image and of the number
// of the draw, whatever the batch.
Tensor gumbel_noise_of_images(const Tensor& symbols, int64_t rows, int64_t alphabet, uint64_t draw);

struct DrawnCodes {
  Tensor codes;      // s32 [rows, 1]
  Variable weights;  // one-hot [rows, alphabet], with the straight-through gradient
};
// argmax(log_odds + noise), noise [rows, alphabet] or undefined, with the gradient of softmax((log_odds + noise) /
// temperature): straight-through Gumbel-softmax (Jang et al. 2017).
DrawnCodes draw_codes(const Variable& log_odds, const Tensor& noise, double temperature);

// The same draws with the gradient of ReinMax.
DrawnCodes draw_codes_reinmax(const Variable& log_odds, const Tensor& noise, double temperature);
// Codes that were chosen already, with the gradient of softmax(log_odds / temperature) -> weights [rows, alphabet].
Variable chosen_codes(const Variable& log_odds, const Tensor& codes, double temperature);

}  // namespace mlrun

// Small runs of two stages: a VQ-VAE of digits, a prior over its codes.
#pragma once

#include <string>

#include "commands/eval/eval.hpp"
#include "small_run.hpp"

namespace mlrun::test {

inline const std::string kStageOne =
    "data: {kind: digits, train_limit: 300, valid_limit: 60, test_limit: 40}\n"
    "model: {kind: vqvae, width: 6, dim: 4, blocks: 1, quantizer: {kind: ema, codes: 6}}\n"
    "train: {for: 40 steps, batch_size: 30}\neval: {every: 20 steps, samples: 4}\noptim: {lr: 5e-3}\n"
    "compute: {lanes: 2}\n";

inline std::string prior_spec(const std::string& from, const std::string& model = "{kind: made, hidden: [20]}") {
  return "data: {kind: codes, from: " + from + "}\nmodel: " + model +
         "\ntrain: {for: 20 steps, batch_size: 30}\neval: {every: 10 steps, samples: 4}\n"
         "checkpoint: {every: 1 steps}\ncompute: {lanes: 2}\n";
}

inline EvalRequest request(const std::string& run, int64_t codes = 1) {
  EvalRequest r;
  r.selector = run;
  r.codes = codes;
  r.threads = 1;
  return r;
}

inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace mlrun::test

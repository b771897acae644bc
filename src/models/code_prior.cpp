#include "models/code_prior.hpp"

#include <fmt/format.h>

#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"
#include "ops/softmax.hpp"

namespace mlrun {

CodePriorOptions::CodePriorOptions(config::Reader& section)
    : prior(section.kind({{"none", "codes cost nothing in stage one (van den Oord et al. 2017)"},
                          {"prior", "-log p(z) of a small autoregressive prior, which is trained along"}},
                         "none") == "prior") {
  if (!prior) return;
  weight = section.real(
      "weight",
      {.help = "of the codes' nats in the loss; 1: the bound itself is minimised", .min = 0, .fallback = 1.0});
  channels = section.integer("channels",
                             {.help = "of the prior's masked convolutions", .min = 1, .max = 4096, .fallback = 32});
  blocks = section.integer("blocks", {.help = "residual 3 x 3 convolutions", .min = 0, .max = 100, .fallback = 2});
}

CodePrior::CodePrior(const CodePriorOptions& options, int64_t rows, int64_t columns, int64_t alphabet,
                     const Scope& scope)
    : rows_(rows),
      columns_(columns),
      alphabet_(alphabet),
      stem_(scope / "stem", {5, 5}, mask_a(5), alphabet, options.channels),
      output_(scope / "output", {1, 1}, pointwise_outline(), options.channels, alphabet) {
  for (int64_t b = 1; b <= options.blocks; ++b)
    blocks_.emplace_back(scope / fmt::format("block_{}", b), KernelSize{3, 3}, mask_b(3), options.channels,
                         options.channels);
}

Variable CodePrior::log_p(Pass& pass, const Variable& weights) const {
  Variable h = stem_(pass, ops::reshape(weights, {-1, rows_, columns_, alphabet_}));
  for (const Conv& block : blocks_) h = block(pass, h, {.relu = true, .add = h});
  return ops::log_softmax(ops::reshape(output_(pass, h, {.relu = true, .add = {}}), weights.shape()));
}

Variable code_length(const Variable& weights, const Variable& log_p) {
  return ops::negate(ops::sum(ops::mul(weights, log_p)));
}

Variable code_divergence(const Variable& log_odds, const Variable& log_p) {
  const Variable log_q = ops::log_softmax(log_odds);
  return ops::sum(ops::mul(ops::exp(log_q), ops::sub(log_q, log_p)));
}

}  // namespace mlrun

#include "models/codes/code_prior.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
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
  warmup = section.integer("warmup",
                           {.help = "steps over which the weight rises from 0, linearly", .min = 0, .fallback = 0});
  channels = section.integer("channels",
                             {.help = "of the prior's masked convolutions", .min = 1, .max = 4096, .fallback = 32});
  blocks = section.integer("blocks", {.help = "residual 3 x 3 convolutions", .min = 0, .max = 100, .fallback = 2});
}

CodePrior::CodePrior(const CodePriorOptions& options, const CodeGrid& grid, int64_t alphabet, const Scope& scope)
    : grid_(grid) {
  const int64_t c = options.channels;
  for (int64_t level = 0; level < grid_.level_count(); ++level) {
    const Scope of = scope_of_level(scope, level);
    Level next;
    if (level > 0) {
      const int64_t s = grid_.levels[static_cast<size_t>(level - 1)].to_finer, k = kernel_of_stride(s);
      next.above = Conv(of / "above", {3, 3}, whole_outline(3), alphabet, c);
      next.up = ConvTransposed(of / "up", {k, k}, whole_outline(k, s), c, c, s);
    }
    next.stem = Conv(of / "stem", {5, 5}, mask_a(5), alphabet, c);
    next.output = Conv(of / "output", {1, 1}, pointwise_outline(), c, alphabet);
    for (int64_t b = 1; b <= options.blocks; ++b)
      next.blocks.emplace_back(of / fmt::format("block_{}", b), KernelSize{3, 3}, mask_b(3), c, c);
    levels_.push_back(std::move(next));
  }
}

Variable CodePrior::log_p(Pass& pass, const Variable& weights) const {
  const std::vector<Variable> codes = grid_.split(weights);
  std::vector<Variable> logits;
  Variable above;
  for (size_t l = 0; l < levels_.size(); ++l) {
    const Level& level = levels_[l];
    if (l > 0) above = level.up(pass, ops::relu(level.above(pass, codes[l - 1], {.relu = false, .add = above})));
    Variable h = level.stem(pass, codes[l], {.relu = false, .add = above});
    for (const Conv& block : level.blocks) h = block(pass, h, {.relu = true, .add = h});
    logits.push_back(level.output(pass, h, {.relu = true, .add = {}}));
  }
  return ops::log_softmax(grid_.joined(logits));
}

Layout CodePrior::layout() const {
  Layout layout;
  layout.line(fmt::format(
      "stage one's own prior, of each level: h = conv(one-hot codes, stem), 5 x 5, {}; for i = 1 .. {}: h += "
      "conv(relu h, block_i);  log p(k) = log_softmax(conv(relu h, output))",
      levels_.size() > 1 ? "+ up' of relu conv(codes of the level above, above)" : "masked", levels_[0].blocks.size()));
  for (const char* level : {"", "level_*/"}) {
    if (*level != 0 && levels_.size() == 1) continue;
    for (const char* name : {"above", "up", "stem", "block_*", "output"}) {
      layout.tensor(fmt::format("{}{}/weight", level, name), "of a convolution (up: transposed)");
      layout.tensor(fmt::format("{}{}/bias", level, name), "of each channel");
    }
  }
  return layout;
}

RateWeight::RateWeight(const CodePriorOptions& options, const Scope& scope)
    : weight_(static_cast<float>(options.weight)), warmup_(options.warmup) {
  if (warmup_ > 0) steps_ = scope.state("steps", {1}, "", StateKind::kBookkeeping, initialise::zeros());
}

float RateWeight::now() const {
  if (!steps_.defined()) return weight_;
  return weight_ * std::min(1.0f, steps_.data<float>()[0] / static_cast<float>(warmup_));
}

void RateWeight::after_step() {
  if (steps_.defined() && steps_.data<float>()[0] < static_cast<float>(warmup_)) ++steps_.data<float>()[0];
}

Variable code_length(const Variable& weights, const Variable& log_p) {
  return ops::negate(ops::sum(ops::mul(weights, log_p)));
}

Variable code_divergence(const Variable& log_odds, const Variable& log_p) {
  const Variable log_q = ops::log_softmax(log_odds);
  return ops::sum(ops::mul(ops::exp(log_q), ops::sub(log_q, log_p)));
}

}  // namespace mlrun

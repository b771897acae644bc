#include "models/sequence/mlp.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "models/sequence/channel_mix.hpp"
#include "models/sequence/dense_mlp.hpp"
#include "models/sequence/moe.hpp"

namespace mlrun {

MoeOptions::MoeOptions(config::Reader& reader)
    : expert(reader.one_of<MlpKind>("expert",
                                    {{"gelu", MlpKind::kGelu},
                                     {"swiglu", MlpKind::kSwiglu},
                                     {"geglu", MlpKind::kGeglu},
                                     {"relu2", MlpKind::kRelu2}},
                                    {.help = "what each expert is; `expansion` is of each", .fallback = "gelu"})),
      experts(reader.integer("experts", {.help = "MLPs that a position may be sent to; none is ever full, so no "
                                                 "position is dropped",
                                         .min = 1,
                                         .max = 4096,
                                         .fallback = 8})),
      top_k(
          reader.integer("top_k", {.help = "of them that a position is sent to", .min = 1, .max = 64, .fallback = 2})),
      shared(reader.integer("shared",
                            {.help = "further experts, which see every position", .min = 0, .max = 64, .fallback = 0})),
      gate(reader.one_of<ExpertGate>(
          "gate", {{"softmax", ExpertGate::kSoftmax}, {"sigmoid", ExpertGate::kSigmoid}},
          {.help = "the router's score of an expert, by which its result counts; of several, as a "
                   "share of their sum",
           .fallback = "softmax"})),
      balance(reader.one_of<ExpertBalance>(
          "balance", {{"bias", ExpertBalance::kBias}, {"loss", ExpertBalance::kLoss}, {"none", ExpertBalance::kNone}},
          {.help =
               "what keeps experts equally busy; bias: an offset for the choice alone, which follows the load (Wang "
               "et al. 2024, DeepSeek-V3); loss: a term of the training loss (GShard, Switch)",
           .fallback = "bias"})),
      weight(reader.real("weight", {.help = "of balance: loss, for every position and block (Switch: 0.01)",
                                    .min = 0,
                                    .max = 1000,
                                    .fallback = 0.01})),
      rate(reader.real("rate", {.help = "of balance: bias, by which an expert's offset goes up or down after a step",
                                .min = 0,
                                .max = 1,
                                .fallback = 0.001})) {
  if (top_k > experts && !reader.describing()) {
    reader.mistake("top_k", fmt::format("{} of {} expert{}", top_k, experts, experts == 1 ? "" : "s"),
                   fmt::format("top_k: {} (or experts: {})", experts, top_k));
  }
}

MlpOptions::MlpOptions(config::Reader& reader)
    : kind(reader.one_of<MlpKind>("mlp",
                                  {{"none", MlpKind::kNone},
                                   {"gelu", MlpKind::kGelu},
                                   {"swiglu", MlpKind::kSwiglu},
                                   {"geglu", MlpKind::kGeglu},
                                   {"relu2", MlpKind::kRelu2},
                                   {"channel_mix", MlpKind::kChannelMix},
                                   {"moe", MlpKind::kMoe}},
                                  {.help = "what follows the mixer in a block; channel_mix: RWKV's, which sees the "
                                           "position before too; moe: a mixture of experts, of which each position is "
                                           "sent to a few",
                                   .fallback = "none"})),
      expansion(reader.integer(
          "expansion",
          {.help = "hidden units of the MLP for each channel of the stream", .min = 1, .max = 64, .fallback = 4})) {
  const bool wanted = kind == MlpKind::kMoe;
  if (!wanted && !reader.has("moe") && !reader.describing()) return;
  config::Reader section = reader.section("moe", "the experts of mlp: moe");
  moe = MoeOptions(section);
  if (wanted || reader.describing()) return;
  moe.reset();
  reader.mistake("moe", "the MLPs of this model are no experts", "mlp: moe (or, without experts, moe: default)");
}

std::unique_ptr<Mlp> make_mlp(const MlpOptions& options, int64_t width, const Scope& scope) {
  const int64_t hidden = options.expansion * width;
  if (options.kind == MlpKind::kNone) return nullptr;
  if (options.kind == MlpKind::kChannelMix) return std::make_unique<ChannelMix>(width, hidden, scope);
  if (options.kind == MlpKind::kMoe) return std::make_unique<Moe>(*options.moe, width, hidden, scope);
  return std::make_unique<DenseMlp>(options.kind, width, hidden, scope);
}

}  // namespace mlrun

#include "models/sequence/block.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "ops/activation.hpp"
#include "ops/dropout.hpp"
#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {

SequenceBlockOptions::SequenceBlockOptions(config::Reader& reader)
    : mlp(reader.one_of<MlpKind>("mlp",
                                 {{"none", MlpKind::kNone}, {"gelu", MlpKind::kGelu}, {"swiglu", MlpKind::kSwiglu}},
                                 {.help = "what follows the mixer in a block", .fallback = "none"})),
      expansion(reader.integer(
          "expansion",
          {.help = "hidden units of the MLP for each channel of the stream", .min = 1, .max = 64, .fallback = 4})),
      norm(reader.one_of<NormKind>("norm",
                                   {{"layer", NormKind::kLayer}, {"rms", NormKind::kRms}, {"none", NormKind::kNone}},
                                   {.help = "of the channels of each position", .fallback = "layer"})),
      post_norm(reader.choice("norm_place", {"pre", "post"},
                              {.help = "pre: x + f(norm(x)), and a norm at the end; post: norm(x + f(x))",
                               .fallback = "pre"}) == "post"),
      residual(reader.boolean("residual", {.help = "whether a block adds to its input", .fallback = true})),
      dropout(static_cast<float>(
          reader.real("dropout", {.help = "of what a mixer or an MLP adds to the stream, in training",
                                  .min = 0.0,
                                  .max = 0.95,
                                  .fallback = 0.0}))) {
  config::Reader section = reader.section("mixer", "what carries something from one position to the next");
  mixer = mixer_kinds().choose(section);
}

SequenceBlock::SequenceBlock(const SequenceBlockOptions& options, const MixerShape& shape, const Scope& scope)
    : mlp_kind_(options.mlp),
      width_(shape.width),
      hidden_(options.expansion * shape.width),
      post_norm_(options.post_norm),
      mixer_residual_(options.residual && shape.in == shape.width),
      mlp_residual_(options.residual),
      dropout_(options.dropout),
      mixer_norm_(scope / "mixer_norm", options.norm, options.post_norm ? shape.width : shape.in),
      mixer_(options.mixer.build(shape, scope / "mixer")) {
  if (mlp_kind_ == MlpKind::kNone) return;
  mlp_norm_ = Norm(scope / "mlp_norm", options.norm, shape.width);
  up_ = Linear(scope / "mlp/up", width_, mlp_kind_ == MlpKind::kSwiglu ? 2 * hidden_ : hidden_);
  down_ = Linear(scope / "mlp/down", hidden_, width_);
}

Variable SequenceBlock::mlp(Pass& pass, const Variable& x) const {
  const Variable h = up_(pass, x);
  if (mlp_kind_ == MlpKind::kGelu) return down_(pass, ops::gelu(h));
  return down_(pass, ops::mul(ops::silu(ops::slice(h, -1, 0, hidden_)), ops::slice(h, -1, hidden_, 2 * hidden_)));
}

Variable SequenceBlock::joined(Pass& pass, const Norm& norm, const Variable& x, const Variable& added,
                               bool residual) const {
  Variable y = dropout_ > 0 ? ops::dropout(added, dropout_, pass.next_noise(), pass.training()) : added;
  if (residual) y = ops::add(x, y);
  return post_norm_ ? norm(pass, y) : y;
}

Variable SequenceBlock::operator()(Pass& pass, const Variable& x) const {
  const Variable h =
      joined(pass, mixer_norm_, x, (*mixer_)(pass, post_norm_ ? x : mixer_norm_(pass, x)), mixer_residual_);
  if (mlp_kind_ == MlpKind::kNone) return h;
  return joined(pass, mlp_norm_, h, mlp(pass, post_norm_ ? h : mlp_norm_(pass, h)), mlp_residual_);
}

SequenceBlock::Steps::Steps(const SequenceBlock& of) : block(&of), mixer(of.mixer_->steps()) {
  if (of.mlp_kind_ == MlpKind::kNone) return;
  up = of.up_.packed();
  down = of.down_.packed();
}

SequenceBlock::Stepper::Stepper(const Steps& steps, int64_t count) : steps_(steps), mixer_(steps.mixer->begin(count)) {}

Tensor SequenceBlock::Stepper::mlp(const Tensor& x) const {
  const SequenceBlock& block = *steps_.block;
  const int64_t count = x.dim(0), hidden = block.hidden_;
  Tensor h({count, steps_.up.out()}), y({count, block.width_});
  float* p = h.data<float>();
  steps_.up(x.data<float>(), count, p);
  if (block.mlp_kind_ == MlpKind::kGelu) {
    kernels::apply(kernels::Function::kGelu, p, p, h.count());
  } else {
    for (int64_t i = 0; i < count; ++i) {  // in place: row i of the products ends before row i of the pairs begins
      const float* pair = p + i * 2 * hidden;
      Tensor gate({hidden});
      kernels::apply(kernels::Function::kSilu, pair, gate.data<float>(), hidden);
      for (int64_t k = 0; k < hidden; ++k) p[i * hidden + k] = gate.data<float>()[k] * pair[hidden + k];
    }
  }
  steps_.down(p, count, y.data<float>());
  return y;
}

Tensor SequenceBlock::Stepper::step(const Tensor& x) {
  const SequenceBlock& block = *steps_.block;
  const auto join = [&](const Norm& norm, const Tensor& before, Tensor added, bool residual) {
    if (residual) kernels::add_to(added, before);
    return block.post_norm_ ? norm.rows(added) : added;
  };
  Tensor y({x.dim(0), block.width_});
  mixer_->step((block.post_norm_ ? x : block.mixer_norm_.rows(x)).data<float>(), y.data<float>());
  const Tensor h = join(block.mixer_norm_, x, std::move(y), block.mixer_residual_);
  if (block.mlp_kind_ == MlpKind::kNone) return h;
  return join(block.mlp_norm_, h, mlp(block.post_norm_ ? h : block.mlp_norm_.rows(h)), block.mlp_residual_);
}

}  // namespace mlrun

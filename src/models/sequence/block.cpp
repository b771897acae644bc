#include "models/sequence/block.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "ops/dropout.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {

namespace {

// The mixers of the key `mixers`: `mixer` where a name is its kind, and else those of the section of that name.
std::vector<MixerRegistry::Choice> read_mixers(config::Reader& reader, const MixerRegistry::Choice& mixer) {
  const auto& kinds = mixer_kinds().kinds();
  std::vector<std::string> known;
  for (const auto& [name, kind] : kinds) known.push_back(name);
  const std::vector<std::string> names = reader.strings(
      "mixers",
      {.help = "kinds of the mixers of the first blocks, one after the other, and again of those after them: `mixer` "
               "where its kind is named, and another KIND with what a section KIND says; []: `mixer` alone",
       .fallback = std::vector<std::string>(),
       .check = [known](const std::string& name) {
         const bool found = std::find(known.begin(), known.end(), name) != known.end();
         return found ? std::string() : fmt::format("one of {}", fmt::join(known, ", "));
       }});
  if (names.empty()) return {mixer};
  if (!mixer.kind().empty() && std::find(names.begin(), names.end(), mixer.kind()) == names.end()) {
    reader.mistake("mixers", fmt::format("none of them is of the kind of `mixer`, {}", mixer.kind()),
                   fmt::format("mixer.kind: {}", names.front()));
  }
  std::map<std::string, MixerRegistry::Choice> read = {{mixer.kind(), mixer}};
  std::vector<MixerRegistry::Choice> mixers;
  for (const std::string& name : names) {
    const auto kind = kinds.find(name);
    if (kind == kinds.end()) continue;  // it was reported
    if (read.find(name) == read.end()) {
      config::Reader section = reader.section(name, "of the mixers of this kind");
      section.described_by(fmt::format("{}.mixer.{}", reader.path(), name));
      read[name] = {&kind->second, kind->second.read(section)};
    }
    mixers.push_back(read[name]);
  }
  return mixers;
}

}  // namespace

SequenceBlockOptions::SequenceBlockOptions(config::Reader& reader)
    : mlp(reader),
      norm(reader.one_of<NormKind>("norm",
                                   {{"layer", NormKind::kLayer}, {"rms", NormKind::kRms}, {"none", NormKind::kNone}},
                                   {.help = "of the channels of each position", .fallback = "layer"})),
      norm_place(reader.one_of<NormPlace>(
          "norm_place", {{"pre", NormPlace::kPre}, {"post", NormPlace::kPost}, {"branch", NormPlace::kBranch}},
          {.help =
               "pre: x + f(norm(x)), and a norm at the end; post: norm(x + f(x)); branch: x + norm(f(x)), and a norm "
               "at the end",
           .fallback = "pre"})),
      residual(reader.boolean("residual", {.help = "whether a block adds to its input", .fallback = true})),
      parallel(reader.boolean(
          "parallel",
          {.help = "x + mixer(norm(x)) + mlp(norm(x)) in the place of one after the other", .fallback = false})),
      residual_scale(
          reader.real_or("residual_scale", "depth",
                         {.help = "what a mixer or an MLP adds to the stream is multiplied by this; depth: 1 / "
                                  "sqrt(how often something is added)",
                          .min = 0,
                          .exclusive_min = true,
                          .fallback = 1.0})),
      dropout(static_cast<float>(
          reader.real("dropout", {.help = "of what a mixer or an MLP adds to the stream, in training",
                                  .min = 0.0,
                                  .max = 0.95,
                                  .fallback = 0.0}))) {
  if (parallel && mlp.kind == MlpKind::kNone)
    reader.mistake("parallel", "there is no MLP beside the mixer", "mlp: gelu (or swiglu, geglu, relu2)");
  if (parallel && norm_place != NormPlace::kPre)
    reader.mistake("parallel", "both parts begin from one norm of the input", "norm_place: pre");
  if (parallel && !residual) reader.mistake("parallel", "the input is part of the sum", "residual: true");
  config::Reader section = reader.section("mixer", "what carries something from one position to the next");
  mixers = read_mixers(reader, mixer_kinds().choose(section));
  for (const char* key : {"parallel", "residual_scale", "mixers"}) reader.later(key);
}

int64_t SequenceBlockOptions::sequences_per_lane() const {
  int64_t most = 1;
  for (const MixerRegistry::Choice& mixer : mixers) most = std::max(most, mixer.facts().sequences_per_lane);
  return most;
}

SequenceBlock::SequenceBlock(const SequenceBlockOptions& options, int64_t layer, int64_t layers,
                             const MixerShape& shape, const Scope& scope)
    : width_(shape.width),
      norm_place_(options.norm_place),
      mixer_residual_(options.residual && shape.in == shape.width),
      mlp_residual_(options.residual),
      parallel_(options.parallel),
      scale_(static_cast<float>(options.residual_scale.value_or(
          1 / std::sqrt(static_cast<double>((options.mlp.kind == MlpKind::kNone ? 1 : 2) * layers))))),
      dropout_(options.dropout),
      mixer_norm_(scope / "mixer_norm", options.norm, options.norm_place == NormPlace::kPre ? shape.in : shape.width),
      mixer_(options.mixer_of(layer).build(shape, scope / "mixer")) {
  if (parallel_ && shape.in != shape.width) {
    fail(ExitCode::kUsage,
         "model.parallel adds the input of every block, and with model.input direct that of the first has one channel\n"
         "  with   model.input=scalar (or embedding)");
  }
  if (!parallel_ && options.mlp.kind != MlpKind::kNone) mlp_norm_ = Norm(scope / "mlp_norm", options.norm, shape.width);
  mlp_ = make_mlp(options.mlp, width_, scope / "mlp");
}

Variable SequenceBlock::joined(Pass& pass, const Norm& norm, const Variable& x, const Variable& added,
                               bool residual) const {
  Variable y = norm_place_ == NormPlace::kBranch ? norm(pass, added) : added;
  if (dropout_ > 0) y = ops::dropout(y, dropout_, pass.next_noise(), pass.training());
  if (scale_ != 1) y = ops::scale(y, scale_);
  if (residual) y = ops::add(x, y);
  return norm_place_ == NormPlace::kPost ? norm(pass, y) : y;
}

Variable SequenceBlock::operator()(Pass& pass, const Variable& x) const {
  if (parallel_) {
    const Variable normed = mixer_norm_(pass, x);
    return joined(pass, mixer_norm_, x, ops::add((*mixer_)(pass, normed), (*mlp_)(pass, normed)), true);
  }
  const Variable h =
      joined(pass, mixer_norm_, x, (*mixer_)(pass, norm_first() ? mixer_norm_(pass, x) : x), mixer_residual_);
  if (!mlp_) return h;
  return joined(pass, mlp_norm_, h, (*mlp_)(pass, norm_first() ? mlp_norm_(pass, h) : h), mlp_residual_);
}

Layout SequenceBlock::layout() const {
  const std::string scaled = scale_ == 1 ? "" : fmt::format("{:.9g} ", scale_);
  const auto joined = [&](const std::string& norm, const std::string& added, bool residual) {
    const std::string branch = norm_place_ == NormPlace::kBranch ? fmt::format("{}({})", norm, added) : added;
    const std::string sum = (residual ? "h + " : "") + scaled + branch;
    return norm_place_ == NormPlace::kPost ? fmt::format("h = {}({})", norm, sum) : "h = " + sum;
  };
  Layout layout;
  layout.line(norm_first() ? "u = mixer_norm(h)" : "u = h");
  layout.part("mixer/", mixer_->layout());
  if (!parallel_) layout.line(joined("mixer_norm", "y", mixer_residual_));
  if (mlp_) {
    layout.line(parallel_ ? "x = u" : norm_first() ? "x = mlp_norm(h)" : "x = h");
    layout.part("mlp/", mlp_->layout());
    layout.line(parallel_ ? fmt::format("h = h + {}(y + m)", scaled) : joined("mlp_norm", "m", mlp_residual_));
    layout.part("mlp_norm/", mlp_norm_.layout("mlp_norm"));
  }
  return layout.part("mixer_norm/", mixer_norm_.layout("mixer_norm"));
}

SequenceBlock::Steps::Steps(const SequenceBlock& of) : block(&of), mixer(of.mixer_->steps()) {
  if (of.mlp_) mlp = of.mlp_->steps();
}

SequenceBlock::Stepper::Stepper(const Steps& steps, int64_t count)
    : steps_(steps), count_(count), mixer_(steps.mixer->begin(count)) {
  if (steps.mlp) mlp_ = steps.mlp->begin(count);
}

void SequenceBlock::Stepper::mark() {
  mixer_->mark();
  if (mlp_) mlp_->mark();
}

void SequenceBlock::Stepper::rewind(int64_t kept) {
  mixer_->rewind(kept);
  if (mlp_) mlp_->rewind(kept);
}

Tensor SequenceBlock::Stepper::mixed(const Tensor& x) {
  Tensor y({x.dim(0), steps_.block->width_});
  mixer_->extend(x.data<float>(), x.dim(0) / count_, y.data<float>());
  return y;
}

Tensor SequenceBlock::Stepper::extend(const Tensor& x) {
  const SequenceBlock& block = *steps_.block;
  const auto join = [&](const Norm& norm, const Tensor& before, Tensor added, bool residual) {
    if (block.norm_place_ == NormPlace::kBranch) added = norm.rows(added);
    if (block.scale_ != 1) kernels::scale_in_place(added, block.scale_);
    if (residual) kernels::add_to(added, before);
    return block.norm_place_ == NormPlace::kPost ? norm.rows(added) : added;
  };
  if (block.parallel_) {
    const Tensor normed = block.mixer_norm_.rows(x);
    Tensor added = mixed(normed);
    kernels::add_to(added, mlp_->extend(normed));
    return join(block.mixer_norm_, x, std::move(added), true);
  }
  const Tensor h =
      join(block.mixer_norm_, x, mixed(block.norm_first() ? block.mixer_norm_.rows(x) : x), block.mixer_residual_);
  if (!mlp_) return h;
  return join(block.mlp_norm_, h, mlp_->extend(block.norm_first() ? block.mlp_norm_.rows(h) : h), block.mlp_residual_);
}

}  // namespace mlrun

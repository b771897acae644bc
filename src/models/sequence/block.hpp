// A block of a sequence model: norm, mixer, residual; then norm, MLP, residual.
#pragma once

#include <memory>

#include "mixers/mixer.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"

namespace mlrun {

enum class MlpKind : uint8_t {
  kNone,
  kGelu,    // W2 gelu(W1 x)
  kSwiglu,  // W2 (silu(a) * b), (a, b) = W1 x (Shazeer 2020)
};

struct SequenceBlockOptions {
  explicit SequenceBlockOptions(config::Reader& reader);
  MixerRegistry::Choice mixer;
  MlpKind mlp;
  int64_t expansion;  // the MLP's hidden width is expansion * width
  NormKind norm;
  bool post_norm;  // norm(x + f(x)) as in Vaswani et al. 2017; else x + f(norm(x))
  bool residual;
  float dropout;  // of what a mixer or an MLP adds to the stream
};

class SequenceBlock {
 public:
  // The mixer's input has shape.in channels, and the stream shape.width: they differ in a first block without a
  // residual, and nowhere else.
  SequenceBlock(const SequenceBlockOptions& options, const MixerShape& shape, const Scope& scope);
  Variable operator()(Pass& pass, const Variable& x) const;  // [n, length, in] -> [n, length, width]
  const Mixer& mixer() const { return *mixer_; }

  struct Steps {
    explicit Steps(const SequenceBlock& of);
    const SequenceBlock* block;
    std::shared_ptr<const MixerSteps> mixer;
    PackedLinear up, down;
  };
  class Stepper {
   public:
    Stepper(const Steps& steps, int64_t count);
    Tensor step(const Tensor& x);  // [count, in] -> [count, width]

   private:
    Tensor mlp(const Tensor& x) const;
    const Steps& steps_;
    std::unique_ptr<MixerStepper> mixer_;
  };

 private:
  Variable mlp(Pass& pass, const Variable& x) const;
  // x + added, or added alone; then the norm, where it comes last.
  Variable joined(Pass& pass, const Norm& norm, const Variable& x, const Variable& added, bool residual) const;

  MlpKind mlp_kind_;
  int64_t width_, hidden_;
  bool post_norm_, mixer_residual_, mlp_residual_;
  float dropout_;
  Norm mixer_norm_, mlp_norm_;
  std::unique_ptr<Mixer> mixer_;
  Linear up_, down_;
};

}  // namespace mlrun

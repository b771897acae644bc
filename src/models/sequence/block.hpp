// A block of a sequence model: norm, mixer, residual; then norm, MLP, residual. Or both side by side, from one norm.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "mixers/mixer.hpp"
#include "models/sequence/mlp.hpp"
#include "nn/layout.hpp"
#include "nn/norm.hpp"

namespace mlrun {

// Where the norm of a mixer or an MLP f stands.
enum class NormPlace : uint8_t {
  kPre,   // x + f(norm(x)), and a norm behind the last block
  kPost,  // norm(x + f(x)) (Vaswani et al. 2017)
  kBranch,  // x + norm(f(x)), and a norm behind the last block (Swin V2, Liu et al. 2022; Chameleon Team 2024, section 2.3)
};

struct SequenceBlockOptions {
  explicit SequenceBlockOptions(config::Reader& reader);
  const MixerRegistry::Choice& mixer_of(int64_t layer) const {
    return mixers[static_cast<size_t>(layer) % mixers.size()];
  }
  int64_t sequences_per_lane() const;         // the most that a mixer asks for (Mixer::Facts)
  std::vector<MixerRegistry::Choice> mixers;  // of the first blocks, and again of those after them
  MlpOptions mlp;
  NormKind norm;
  NormPlace norm_place;
  bool residual;
  bool parallel;                         // x + mixer(norm(x)) + mlp(norm(x)): Chowdhery et al. 2022, section 2
  std::optional<double> residual_scale;  // of what a mixer or an MLP adds; none: 1 / sqrt(how often something is added)
  float dropout;                         // of what a mixer or an MLP adds to the stream
};

class SequenceBlock {
 public:
  // The mixer's input has shape.in channels, and the stream shape.width: they differ in a first block without a
  // residual, and nowhere else. `layer` of `layers` blocks, from 0.
  SequenceBlock(const SequenceBlockOptions& options, int64_t layer, int64_t layers, const MixerShape& shape,
                const Scope& scope);
  Variable operator()(Pass& pass, const Variable& x) const;  // [n, length, in] -> [n, length, width]
  const Mixer& mixer() const { return *mixer_; }
  const Mlp* mlp() const { return mlp_.get(); }  // null: none
  Mlp* mlp() { return mlp_.get(); }
  Layout layout() const;  // from h to h, its tensors without "block_*/"

  struct Steps {
    explicit Steps(const SequenceBlock& of);
    const SequenceBlock* block;
    std::shared_ptr<const MixerSteps> mixer;
    std::shared_ptr<const MlpSteps> mlp;  // null: none
  };
  class Stepper {
   public:
    Stepper(const Steps& steps, int64_t count);
    Tensor extend(const Tensor& x);  // the next positions: [length * count, in] -> [length * count, width]
    void mark();                     // MixerStepper::mark
    void rewind(int64_t kept);

   private:
    Tensor mixed(const Tensor& x);
    const Steps& steps_;
    int64_t count_;
    std::unique_ptr<MixerStepper> mixer_;
    std::unique_ptr<MlpStepper> mlp_;
  };

 private:
  // What the mixer or the MLP is given.
  bool norm_first() const { return norm_place_ == NormPlace::kPre; }
  // x + added, or added alone, with the norm where it stands behind.
  Variable joined(Pass& pass, const Norm& norm, const Variable& x, const Variable& added, bool residual) const;

  int64_t width_;
  NormPlace norm_place_;
  bool mixer_residual_, mlp_residual_, parallel_;
  float scale_, dropout_;
  Norm mixer_norm_, mlp_norm_;
  std::unique_ptr<Mixer> mixer_;
  std::unique_ptr<Mlp> mlp_;
};

}  // namespace mlrun

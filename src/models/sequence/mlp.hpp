// The MLP of a block: what looks at one position at a time, behind the mixer. Like mixers it has two views that agree: all
// positions at once, and the next ones of sequences under way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config/reader.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"

namespace mlrun {

enum class MlpKind : uint8_t {
  kNone,
  kGelu,    // W2 gelu(W1 x)
  kSwiglu,  // W2 (silu(a) * b), (a, b) = W1 x (Shazeer 2020)
  kGeglu,   // W2 (gelu(a) * b)
  kRelu2,   // W2 max(W1 x, 0)^2 (So et al. 2021)
  // sigmoid(R x') * W2 max(W1 x'', 0)^2, where x' and x'' are mixed with the position before (Peng et al. 2023, eq. 14,
  // 15 and 18)
  kChannelMix,
  kMoe,  // a mixture of experts: a router sends each position to a few of many MLPs (models/sequence/moe.hpp)
};

// How a router is kept from sending everything to a few experts.
enum class ExpertBalance : uint8_t {
  kNone,
  kLoss,  // a term of the training loss (Fedus et al. 2021, eq. 4 to 6)
  kBias,  // an offset of each expert, for the choice alone, that follows its load (Wang et al. 2024)
};

// What a router makes of its logits.
enum class ExpertGate : uint8_t {
  kSoftmax,  // Shazeer et al. 2017; GShard, Lepikhin et al. 2020
  kSigmoid,  // of each expert alone (DeepSeek-AI 2024, section 2.1.2)
};

struct MoeOptions {
  MoeOptions() = default;
  explicit MoeOptions(config::Reader& reader);
  MlpKind expert = MlpKind::kGelu;
  int64_t experts = 8, top_k = 2, shared = 0;
  ExpertGate gate = ExpertGate::kSoftmax;
  ExpertBalance balance = ExpertBalance::kBias;
  double weight = 0.01, rate = 0.001;
};

struct MlpOptions {
  // `mlp`, `expansion` and, of a mixture of experts, the section `moe`.
  explicit MlpOptions(config::Reader& reader);
  MlpKind kind;
  int64_t expansion;              // the hidden width, of each expert, is expansion * width
  std::optional<MoeOptions> moe;  // of kMoe
};

// Under way, for a number of sequences that go side by side.
class MlpStepper {
 public:
  virtual ~MlpStepper() = default;
  // The next positions: [length * count, width] -> the same. As MixerStepper::extend, to the bit.
  virtual Tensor extend(const Tensor& x) = 0;
  virtual void mark() {}  // as MixerStepper::mark, for those that remember something
  virtual void rewind(int64_t kept) { static_cast<void>(kept); }
};

// Weights arranged for stepping; valid while the MLP and its parameters are, and are not changed.
class MlpSteps {
 public:
  virtual ~MlpSteps() = default;
  virtual std::unique_ptr<MlpStepper> begin(int64_t count) const = 0;
};

// How often a router chose each of its experts (Model::expert_counts).
using ExpertCounts = std::vector<int64_t>;

class Mlp {
 public:
  virtual ~Mlp() = default;
  virtual Variable operator()(Pass& pass, const Variable& x) const = 0;  // [n, length, width] -> the same
  virtual std::unique_ptr<MlpSteps> steps() const = 0;
  virtual Layout layout() const = 0;  // from x to m, its tensors without "mlp/"

  // What mixtures of experts have beside. After a training step, as Model::after_step.
  virtual void after_step(const std::vector<Statistics>& lanes) { static_cast<void>(lanes); }
  virtual bool adds_loss() const { return false; }           // Pass::add_loss
  virtual int64_t inactive_parameters() const { return 0; }  // weights that a position does not use
  // How often each expert was chosen in passes that gathered these; empty where there are none.
  virtual ExpertCounts expert_counts(const Statistics& gathered) const {
    static_cast<void>(gathered);
    return {};
  }
};

// Null for MlpKind::kNone.
std::unique_ptr<Mlp> make_mlp(const MlpOptions& options, int64_t width, const Scope& scope);

}  // namespace mlrun

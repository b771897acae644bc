// The body of sequence models: symbols enter as vectors, and `layers` blocks of a mixer (mixers/mixer.hpp) and an MLP
// go over them. The same for generation and for classification.
#pragma once

#include <memory>
#include <vector>

#include "mixers/mixer.hpp"
#include "models/sequence/absolute_positions.hpp"
#include "models/sequence/block.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

enum class SequenceInput : uint8_t {
  kEmbedding,  // a vector for each symbol
  kScalar,     // the symbol as a number between -1 and 1, through a linear layer
  kDirect,     // that number itself: the first mixer takes one channel
};

struct SequenceNetworkOptions {
  explicit SequenceNetworkOptions(config::Reader& reader);
  int64_t width, layers;
  SequenceInput input;
  SequencePositions positions;
  SequenceBlockOptions block;
};

// Stands for "nothing yet" before the first symbol, where a network predicts.
inline constexpr int32_t kStartSymbol = -1;

class SequenceNetwork {
 public:
  // `order`: of the data's positions, as they come. `start`: whether kStartSymbol may come. `classes` > 0: each class
  // adds a vector to all positions.
  SequenceNetwork(const SequenceNetworkOptions& options, const DataSpec& data, const std::vector<int64_t>& order,
                  bool start, int64_t classes, const Scope& scope);

  // inputs s32 [n, length], labels s32 [n] where there are classes -> [n, length, width], after a last norm. A start in
  // a row begins another document, which knows nothing of those before it.
  Variable operator()(Pass& pass, const Tensor& inputs, const Tensor& labels) const;
  int64_t width() const { return width_; }
  int64_t sequences_at_once() const;
  // The vectors of the symbols [alphabet, width], for a head that shares them. Error(kInternal) where there are none.
  Variable symbol_vectors(Pass& pass) const;
  bool has_symbol_vectors() const { return input_ == SequenceInput::kEmbedding; }
  bool any_length() const;
  Layout layout() const;                                  // from z, the symbols that enter at each step, to h
  void after_step(const std::vector<Statistics>& lanes);  // Model::after_step
  bool adds_loss() const;                                 // Pass::add_loss
  int64_t inactive_parameters() const;                    // Model::inactive_parameters
  std::vector<ExpertCounts> expert_counts(const Statistics& gathered) const;  // of each block that has experts

  // Weights arranged for stepping. The network must outlive it.
  class Steps {
   public:
    explicit Steps(const SequenceNetwork& network);
    int64_t sequences_at_once() const;  // MixerSteps::sequences_at_once, of the mixer that wants the fewest

   private:
    friend class SequenceNetwork;
    const SequenceNetwork& network_;
    PackedLinear scalar_;
    std::vector<SequenceBlock::Steps> blocks_;
  };
  // From one position to the next. `steps` must outlive it.
  class Stepper {
   public:
    Stepper(const Steps& steps, int64_t count, const int32_t* labels);  // labels [count] where there are classes
    // The next positions: inputs [length, count] -> [length, count, width].
    Tensor extend(const int32_t* inputs, int64_t length);
    void mark();  // MixerStepper::mark
    void rewind(int64_t kept);

   private:
    Tensor enter(const int32_t* inputs, int64_t length) const;
    const Steps& steps_;
    int64_t count_, t_ = 0, marked_ = 0;
    std::vector<int32_t> labels_;
    std::vector<bool> picture_first_;  // of each sequence: AbsolutePositions::picture_first of its second input
    std::vector<SequenceBlock::Stepper> blocks_;
  };

 private:
  Variable enter(Pass& pass, const Tensor& inputs) const;
  Variable sequences(Pass& pass, const Tensor& inputs, const Tensor& labels) const;  // of one document each
  Tensor numbers_of(const Tensor& inputs) const;                                     // [n, length] -> [n, length, 1]

  int64_t width_, alphabet_;
  SequenceInput input_;
  bool has_classes_;
  Parameter symbols_, classes_;
  AbsolutePositions positions_;
  Linear scalar_;
  std::vector<SequenceBlock> blocks_;
  Norm norm_;
};

}  // namespace mlrun

// The body of sequence models: symbols enter as vectors, and `layers` blocks of a mixer (mixers/mixer.hpp) and an MLP
// go over them. The same for generation and for classification.
#pragma once

#include <memory>
#include <vector>

#include "mixers/mixer.hpp"
#include "models/sequence/block.hpp"
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
  bool positions;  // a learned vector for each position
  SequenceBlockOptions block;
};

// Stands for "nothing yet" before the first symbol, where a network predicts.
inline constexpr int32_t kStartSymbol = -1;

class SequenceNetwork {
 public:
  // `start`: whether kStartSymbol may come. `classes` > 0: each class adds a vector to all positions.
  SequenceNetwork(const SequenceNetworkOptions& options, const DataSpec& data, bool start, int64_t classes,
                  const Scope& scope);

  // inputs s32 [n, length], labels s32 [n] where there are classes -> [n, length, width], after a last norm.
  Variable operator()(Pass& pass, const Tensor& inputs, const Tensor& labels) const;
  int64_t width() const { return width_; }
  int64_t sequences_at_once() const;
  // The vectors of the symbols [alphabet, width], for a head that shares them. Error(kInternal) where there are none.
  Variable symbol_vectors(Pass& pass) const;
  bool has_symbol_vectors() const { return input_ == SequenceInput::kEmbedding; }
  bool any_length() const { return !has_positions_; }

  // Weights arranged for stepping. The network must outlive it.
  class Steps {
   public:
    explicit Steps(const SequenceNetwork& network);

   private:
    friend class SequenceNetwork;
    const SequenceNetwork& network_;
    PackedLinear scalar_;
    std::vector<SequenceBlock::Steps> blocks_;
  };
  // One position after the other. `steps` must outlive it.
  class Stepper {
   public:
    Stepper(const Steps& steps, int64_t count, const int32_t* labels);  // labels [count] where there are classes
    const Tensor& step(const int32_t* inputs);                          // [count] -> [count, width]

   private:
    Tensor enter(const int32_t* inputs) const;
    const Steps& steps_;
    int64_t count_, t_ = 0;
    std::vector<int32_t> labels_;
    std::vector<SequenceBlock::Stepper> blocks_;
    Tensor result_;
  };

 private:
  Variable enter(Pass& pass, const Tensor& inputs) const;
  Tensor numbers_of(const Tensor& inputs) const;  // [n, length] -> [n, length, 1]

  int64_t width_, alphabet_;
  SequenceInput input_;
  bool has_positions_, has_classes_;
  Parameter symbols_, positions_, classes_;
  Linear scalar_;
  std::vector<SequenceBlock> blocks_;
  Norm norm_;
};

}  // namespace mlrun

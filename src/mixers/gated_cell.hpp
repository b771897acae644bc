// What gated recurrent cells share (lstm, gru): products of the input for all positions, one step after the other for what
// depends on the state, and a linear map to the stream's width where a cell has another number of units.
#pragma once

#include <optional>
#include <vector>

#include "mixers/mixer.hpp"
#include "nn/linear.hpp"

namespace mlrun {

// Reads the key `hidden`: units; 0 stands for the width of the stream.
int64_t read_hidden_units(config::Reader& reader);

// The parameters input/weight [gates * units, in], recurrent/weight [gates * units, units], bias, and output/weight and
// output/bias where there is an output map.
class GatedCell : public Mixer {
 public:
  Variable operator()(Pass& pass, const Variable& x) const override;

 protected:
  // `hidden`: as read. The bias has `biases` numbers for each unit.
  GatedCell(int64_t hidden, int64_t gates, int64_t biases, const Initialiser& bias, const MixerShape& shape,
            const Scope& scope);
  // h [n, length, units] of all positions.
  virtual Variable states(const Variable& x, const Variable& input, const Variable& bias,
                          const Variable& recurrent) const = 0;
  // Adds what there is after h: y, and the tensors of the output map.
  Layout with_output(Layout layout) const;

  int64_t units() const { return units_; }
  const Tensor& input() const { return input_.value(); }
  const Tensor& recurrent() const { return recurrent_.value(); }
  const Tensor& bias() const { return bias_.value(); }
  std::optional<PackedLinear> packed_output() const;

 private:
  int64_t units_;
  bool has_output_;
  Parameter input_, recurrent_, bias_;
  Linear output_;
};

struct PackedCell {
  PackedLinear input, recurrent;
  std::optional<PackedLinear> output;
};

class CellStepper : public MixerStepper {
 public:
  CellStepper(const PackedCell& packed, int64_t gates, int64_t count);
  void extend(const float* x, int64_t length, float* y) final;

 protected:
  // One position: `pre` [count, gates * units] is the product of its input, and may be overwritten. Replaces h_.
  virtual void step_over(float* pre) = 0;
  std::vector<Tensor> state() override { return {h_}; }

  const PackedCell& packed_;
  int64_t count_, units_, row_;  // row_: gates * units
  Tensor h_;                     // [count, units]

 private:
  Tensor pre_, hidden_;  // of all positions of a stretch; hidden_ where an output map follows
};

}  // namespace mlrun

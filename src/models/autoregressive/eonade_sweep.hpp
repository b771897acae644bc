// The exact likelihood of an EoNADE in one order: its network once per position, with what is known so far.
//
// From one position to the next the first layer's input changes in one pixel, so its pre-activations are a running sum
// of rows of its weight. The layers above are dense products; several steps (whose symbols are known) and all images
// share one, so that the weights are read from cache. A logit has the same bits whatever steps and images share.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/steps.hpp"
#include "symbols/data_spec.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// Weights as they are stored, windows into the arena, but for those of the layers above the first, which are packed.
// Rows of `first`: symbols [positions * width], then the mask
// [positions] where the network sees it, then the label [classes].
struct EonadeWeights {
  int64_t positions = 0, alphabet = 2, classes = 0;
  bool mask_input = true;
  kernels::Function activation = kernels::Function::kRelu;
  Tensor first;                             // [in, units], of the first hidden layer
  std::vector<kernels::StepWeights> above;  // of the other hidden layers
  std::vector<Tensor> biases;               // [units] of every hidden layer
  Tensor output_weight, output_bias;        // [positions * width, hidden], [positions * width]
  int64_t width() const { return logits_per_step(alphabet); }
};

class EonadeSweep {
 public:
  // `weights` and `order` must outlive the sweep. labels [count]: needed if there are classes. Up to `together` steps
  // are staged before their logits are asked for.
  EonadeSweep(const EonadeWeights& weights, const std::vector<int64_t>& order, int64_t count, const int32_t* labels,
              int64_t together);

  void stage();                          // the current step's logits will be wanted
  void observe(const int32_t* symbols);  // [count]: on to the next step
  void logits(float* out);               // of the staged steps: [staged, count, width]; nothing is staged any more

 private:
  void add_row(int64_t row, float* sums) const;

  const EonadeWeights& weights_;
  const std::vector<int64_t>& order_;
  int64_t count_, together_;
  int64_t step_ = 0, staged_ = 0, first_staged_ = 0;
  Tensor sums_;                 // [count, units]: the first layer's pre-activations
  std::vector<Tensor> hidden_;  // [together, count, units] of each layer
};

}  // namespace mlrun

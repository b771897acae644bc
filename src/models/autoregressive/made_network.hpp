// The network of a MADE: layers whose units have degrees, a unit seeing only units of lower (hidden: not higher) degree.
//
// The degree of a symbol's inputs is one more than its step, of the label's 0, and of a step's outputs the step, so that
// they see all symbols before it. There are two arrangements of the weights in memory. With one mask the units of every
// layer stand in the order of their degrees: masks are staircases, and half of each product is skipped. With several
// masks a unit has another degree in each: weights stand in the order of the data and are multiplied by a mask.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/autoregressive/staircase_network.hpp"
#include "nn/layout.hpp"
#include "nn/parameters.hpp"
#include "nn/pass.hpp"

namespace mlrun {

using Degrees = std::vector<int64_t>;  // of the units of a layer

struct MadeShape {
  std::vector<int64_t> hidden = {};  // units of each hidden layer
  kernels::Function activation = kernels::Function::kRelu;
  bool direct = false;  // connections from the input to the output
  int64_t positions = 0, alphabet = 2, classes = 0;

  int64_t width() const { return logits_per_step(alphabet); }  // inputs of a symbol, and outputs of a step
  int64_t inputs() const { return classes + positions * width(); }
  int64_t outputs() const { return positions * width(); }
  int64_t layers() const { return static_cast<int64_t>(hidden.size()) + 1; }
  int64_t least_degree() const { return classes > 0 ? 0 : 1; }  // a hidden unit of degree 0 sees the label alone
  int64_t most_degree() const { return positions > 1 ? positions - 1 : 1; }
};

class MadeNetwork {
 public:
  virtual ~MadeNetwork() = default;
  // symbols s32 [n, positions] in visiting order, labels s32 [n] where there are classes -> [n, positions * width], the
  // logits of each step.
  virtual Variable operator()(Pass& pass, const Tensor& symbols, const Tensor& labels, int64_t component) const = 0;
  // The network of a component with its units in the order of their degrees, for stepping.
  virtual StaircaseNetwork in_order_of_degrees(int64_t component) const = 0;
  virtual Layout layout() const = 0;
};

// Declares its parameters and the buffers hidden_*/degrees [components, units] in the scope.
std::unique_ptr<MadeNetwork> made_of_one_mask(const MadeShape& shape, const Scope& scope);
// One mask for each of `orders`: the position of each step.
std::unique_ptr<MadeNetwork> made_of_masks(const MadeShape& shape, std::vector<std::vector<int64_t>> orders,
                                           const Scope& scope);

// --- What both arrangements are made of.

// In the order of the steps: of the label (0) and the symbols; of the outputs.
Degrees degrees_of_inputs(const MadeShape& shape);
Degrees degrees_of_outputs(const MadeShape& shape);
// Of each row, how many columns it sees, where both stand in the order of their degrees.
std::vector<int64_t> limits_of(const Degrees& rows, const Degrees& columns);
// Where units stand in the order of their degrees: units begin[t] .. begin[t+1]-1 have degree t, t = 0 .. positions.
std::vector<int64_t> first_units(const Degrees& degrees, int64_t positions);
// What a step view is told beside the layers.
StaircaseNetwork without_layers(const MadeShape& shape);
void record_degrees(const Scope& scope, int64_t layer, const std::vector<Degrees>& of_components);
Scope scope_of_layer(const Scope& scope, const MadeShape& shape, int64_t layer);
// Of a weight of `inputs` columns: He et al. 2015 for hidden layers, where half of the inputs are seen, and LeCun's for
// the output.
Initialiser initialiser_of_layer(const MadeShape& shape, int64_t layer, int64_t inputs);
// What both layouts say; `one_each`: what there is an input symbol and an output row of, "step" or "position".
Layout layout_of_layers(const MadeShape& shape, const char* one_each);

}  // namespace mlrun

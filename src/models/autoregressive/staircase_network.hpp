// Masked networks whose units are sorted by degree, so that every mask is a staircase: row r of a weight may look at
// the first limit[r] units of the layer below, and limits never decrease.
//
// Seen step by step such a network does no work twice: a hidden unit of degree m is final once m positions are known,
// so each row of each weight is used once per image, in one sweep over the positions. MADE and FVSBN (a MADE without
// hidden layers, with direct connections) share this sweep.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/vector/elementwise.hpp"
#include "models/model.hpp"
#include "ops/staircase.hpp"

namespace mlrun {

// Limits of each row, over so many inputs. Bands are chosen for lanes of about 50 examples, whatever the batch: they
// decide bits, and the bits may not depend on how a batch is cut.
ops::StaircasePtr make_staircase(std::vector<int64_t> limits, int64_t inputs);

// Initial values inside the staircase, 0 behind it; there they stay 0 in training, since their gradient is 0.
Initialiser on_staircase(const ops::StaircasePtr& staircase, Initialiser inside);
// The numbers of the weight inside the staircase, row by row: what is trained.
std::vector<Range> inside_of(const kernels::Staircase& staircase);

// One dense layer as the sweep needs it. The tensors may be windows into the arena.
struct StaircaseLayer {
  Tensor weight, bias;          // [out, in], [out]
  std::vector<int64_t> limits;  // [out]
  std::vector<int64_t> begin;   // [positions + 2]: units begin[t] .. begin[t+1]-1 are final when t positions are known
};

struct StaircaseNetwork {
  int64_t positions = 0, alphabet = 2;
  int64_t classes = 0;                                      // leading inputs: the one-hot label, known from the start
  kernels::Function activation = kernels::Function::kRelu;  // of the hidden layers
  std::vector<StaircaseLayer> hidden;
  StaircaseLayer output;                                       // its bias is the network's
  Tensor direct;                                               // [positions * width, classes + inputs], or undefined
  int64_t width() const { return logits_per_step(alphabet); }  // inputs and outputs per position
};

std::unique_ptr<StepView> make_staircase_step_view(StaircaseNetwork network);

// Symbols [n, positions] as a network's input: 0/1 for an alphabet of 2, else one-hot [n, positions * alphabet]. With
// classes, the one-hot label of labels s32 [n] comes first: [n, classes + positions * width].
Tensor encode_symbols(const Tensor& symbols, int64_t alphabet, const Tensor& labels = {}, int64_t classes = 0);

}  // namespace mlrun

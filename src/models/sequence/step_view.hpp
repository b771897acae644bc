// The step view of a sequence model: its network from one position to the next, and the head that gives logits.
#pragma once

#include <cstdint>
#include <memory>

#include "models/model.hpp"
#include "models/sequence/draft_heads.hpp"
#include "models/sequence/network.hpp"
#include "nn/linear.hpp"

namespace mlrun {

// Weights arranged for stepping.
struct PackedSequence {
  SequenceNetwork::Steps network;
  PackedLinear head;
  std::shared_ptr<const DraftHeadSteps> heads = nullptr;  // null: none
  int64_t end = -1;                                       // DataSpec::end
};

// `products`: StepView::products_per_step, of all but the draft heads. Behind a symbol that ends a document, where there is
// one, the steps begin anew.
std::unique_ptr<StepView> sequence_step_view(PackedSequence packed, double products);

}  // namespace mlrun

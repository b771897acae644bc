// Rows that hold several documents, one behind the other without padding (data: {kind: text, documents: ...}).
//
// Nothing may pass from one document to the next: no state, no convolution, no attention, no shift of tokens. So a pass
// takes the documents of its rows apart, and lays those of about one length side by side as sequences of their own: every
// mixer stops at borders, without knowing of any.
#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun {

struct DocumentLot {
  Tensor inputs;              // s32 [documents, positions], filled up with starts behind the end of each
  std::vector<int64_t> rows;  // from which each comes
};
struct UnpackedDocuments {
  std::vector<DocumentLot> lots;
  Tensor places;  // s32, of the rows' shape: where each position is among those of all lots, one lot behind the other
};

// Whether a document begins (`start` in the inputs s32 [n, length]) elsewhere than at the beginning of a row.
bool holds_documents(const Tensor& inputs, int32_t start);
// Positions of a lot are a multiple of a sixteenth of the length (and of 16), so that lots are few and little is filled
// up.
UnpackedDocuments unpacked(const Tensor& inputs, int32_t start);

}  // namespace mlrun

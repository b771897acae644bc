// What a model needs to know of a data set: sequences of `positions` symbols from an alphabet, perhaps with a class.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "symbols/stream_parts.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// Logits for each position: one log-odds of symbol 1 for an alphabet of 2, else one for each symbol.
inline int64_t logits_per_step(int64_t alphabet) { return alphabet == 2 ? 1 : alphabet; }

struct DataSpec {
  Shape shape;                // {28, 28}: rows, columns; {784}: no geometry
  int64_t alphabet = 2;       // symbols are 0 .. alphabet - 1
  int64_t classes = 0;        // labels are 0 .. classes - 1; 0: no labels
  int64_t given = 0;          // that many first positions are a question: always known, and p(x) is p(the rest | them)
  int64_t augmentations = 1;  // ways in which a training image may have been changed; way 0 is that of a plain image
  std::optional<StreamParts> parts = {};  // of sequences that are words and a picture
  int64_t end = -1;  // the symbol that ends a document: what follows it begins anew; -1: there is none
  int64_t positions() const { return count_of(shape); }
  int64_t modelled_positions() const { return positions() - given; }  // what likelihoods are sums over
  bool is_image() const { return shape.size() == 2; }
};

struct Batch {
  Tensor symbols;            // s32 [n, positions]
  Tensor labels;             // s32 [n], or undefined
  Tensor augmentation = {};  // s32 [n]: the way in which each was changed; undefined: all are plain
  int64_t count() const { return symbols.dim(0); }
  // Examples begin .. end - 1, sharing storage.
  Batch slice(int64_t begin, int64_t end) const {
    const auto part = [&](const Tensor& t) { return t.defined() ? t.rows(begin, end) : Tensor(); };
    return {symbols.rows(begin, end), part(labels), part(augmentation)};
  }
};

}  // namespace mlrun

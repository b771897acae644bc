// Orders in which an autoregressive model visits the positions of its data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/reader.hpp"
#include "nn/parameters.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

enum class OrderKind : uint8_t {
  kRaster,   // as stored: row by row
  kSCurve,   // row by row, every other one from right to left: neighbours in time are neighbours in space
  kHilbert,  // along a Hilbert curve, generalised to any rectangle (Cerveny's gilbert)
  kRandom,   // a seeded permutation
};

// Reads the key `order` of a model's section.
OrderKind read_order(config::Reader& reader);
// order[t] is the position visited at step t. A random order is fixed by the scope's seed and name; the curves are for
// images, and Error(kUsage) for other data.
std::vector<int64_t> make_order(OrderKind kind, const DataSpec& data, const Scope& scope, int64_t component = 0);
// Symbols s32 [n, positions] in visiting order; shares storage where that is the order they have.
Tensor in_order(const Tensor& symbols, const std::vector<int64_t>& order);
Tensor in_stored_order(const Tensor& visited, const std::vector<int64_t>& order);  // the inverse
// Puts the order into the checkpoint as buffer `name` (s32 [positions]).
void record_order(const Scope& scope, const std::string& name, const std::vector<int64_t>& order,
                  BufferKind kind = BufferKind::kOfWeights);

}  // namespace mlrun

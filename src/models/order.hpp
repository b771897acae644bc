// Orders in which an autoregressive model visits the positions of its data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/reader.hpp"
#include "data/spec.hpp"
#include "nn/parameters.hpp"

namespace mlrun {

enum class OrderKind { kRaster, kRandom };

// Reads the key `order` of a model's section.
OrderKind read_order(config::Reader& reader);
// order[t] is the position visited at step t. A random order is fixed by the scope's seed and name.
std::vector<int64_t> make_order(OrderKind kind, const DataSpec& data, const Scope& scope, int64_t component = 0);
// Puts the order into the checkpoint as buffer `name` (s32 [positions]).
void record_order(const Scope& scope, const std::string& name, const std::vector<int64_t>& order);

}  // namespace mlrun

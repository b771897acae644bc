// What files about completions, drawn or judged, have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "io/hdf5/writer.hpp"

namespace mlrun {

// Dataset `orders`, s32 [components, positions]: row c is the order in which component c visits positions, the known
// ones first. It is part of the law that completions are drawn from and judged by.
void write_orders(io::Hdf5Writer& file, const std::vector<std::vector<int64_t>>& orders);

}  // namespace mlrun

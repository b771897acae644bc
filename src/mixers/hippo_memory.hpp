// HiPPO's memory updates as the cell uses them: made in double, used in f32.
#pragma once

#include <memory>

#include "hippo/discretise.hpp"
#include "ops/recurrent/hippo_cell.hpp"

namespace mlrun {

// LegS by Euler's rules and the bilinear one costs O(order) per sequence and step (kernels/recurrent/hippo_cell.hpp),
// under zero-order hold two products (hippo/legs_restriction.hpp); LegT and LagT, with theta in positions, one product.
std::shared_ptr<const ops::MemoryUpdate> hippo_memory(hippo::Measure measure, int64_t order, hippo::Discretisation rule,
                                                      double theta);

}  // namespace mlrun

// What the models have in common that know p(x_i | any set of known positions): eonade and ardm.
#pragma once

#include "autograd/tape.hpp"
#include "models/autoregressive/eonade_known.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

// -log p of every symbol by itself, nats, [n, positions]: logits of all positions in stored order (of an alphabet of 2
// [n, positions], else [n, positions * alphabet] in any shape), symbols s32 [n, positions].
Variable nll_by_position(const Variable& logits, const Tensor& symbols, const DataSpec& data);

// The estimate of the NLL averaged over all orders (Uria et al. 2014, eq. 6; the order-agnostic bound of Hoogeboom et al.
// 2022, eq. 4): the unknown positions of every example, weighted. Nats, of all examples together.
Variable order_agnostic_loss(const Known& known, const Variable& logits, const Tensor& symbols, const DataSpec& data);

}  // namespace mlrun

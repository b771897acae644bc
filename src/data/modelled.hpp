// How much of a sequence there is to predict.
#pragma once

#include "data/spec.hpp"

namespace mlrun {

// Positions behind the question: what likelihoods are sums over.
inline int64_t modelled_positions(const DataSpec& data) { return data.positions() - data.given; }

}  // namespace mlrun

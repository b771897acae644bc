// The orders in which a model completes an image exactly: those that begin with everything known.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/region.hpp"
#include "models/model.hpp"

namespace mlrun {

// One order for each component, beginning with the known positions. A model of every order gets as many new ones as it
// has components: the known positions row by row, then the unknown ones in a random order, which depends on the region
// and the component alone, so that whatever draws and whatever judges a completion follows one law; another model keeps
// its own. Error(kUsage), naming the parts that the model can complete, unless the known positions come
// first in every one.
std::vector<std::vector<int64_t>> completion_orders(const AutoregressiveModel& model, const Region& region);

}  // namespace mlrun

// The nonlinearity of the hidden layers of a dense model.
#pragma once

#include "config/reader.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun {

// Reads the key `activation` of a model's section: relu (the default), tanh or sigmoid.
kernels::Function read_hidden_activation(config::Reader& reader);
const char* name_of_hidden_activation(kernels::Function activation);  // as the key names it

}  // namespace mlrun

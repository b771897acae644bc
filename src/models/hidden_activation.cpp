#include "models/hidden_activation.hpp"

namespace mlrun {

using kernels::Function;

Function read_hidden_activation(config::Reader& reader) {
  return reader.one_of<Function>(
      "activation", {{"relu", Function::kRelu}, {"tanh", Function::kTanh}, {"sigmoid", Function::kSigmoid}},
      {.help = "of the hidden layers", .fallback = "relu"});
}

const char* name_of_hidden_activation(Function activation) {
  if (activation == Function::kRelu) return "relu";
  return activation == Function::kTanh ? "tanh" : "sigmoid";
}

}  // namespace mlrun

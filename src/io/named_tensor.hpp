// A tensor with a name, as files of weights hold it.
#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace mlrun::io {

struct NamedTensor {
  std::string name;
  Tensor values;     // f32, bf16, s32 or u8
  std::string axes;  // "out,in"; "" where it has none
};

}  // namespace mlrun::io

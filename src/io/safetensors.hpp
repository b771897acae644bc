// Files of the safetensors format (https://github.com/huggingface/safetensors), which holds tensors and nothing that
// could be run: the length of a header (8 bytes, little-endian), the header in JSON, the values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/named_tensor.hpp"

namespace mlrun::io {

// The bytes of the file: tensors row-major in the order given, values aligned to 8 bytes. `metadata` is the header's
// "__metadata__". The same tensors give the same bytes. A name that comes twice is a bug (exit code 1).
std::string safetensors_of(const std::vector<NamedTensor>& tensors, const std::map<std::string, std::string>& metadata);

}  // namespace mlrun::io

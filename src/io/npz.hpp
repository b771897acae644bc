// NumPy's files, written: .npy of one array, and .npz of several, which np.load opens as a dictionary.
#pragma once

#include <string>
#include <vector>

#include "io/named_tensor.hpp"

namespace mlrun::io {

// Row-major. bf16, which NumPy does not have, becomes f32, which holds the same numbers.
std::string npy_of(const Tensor& values);
// A ZIP file of .npy files, not compressed, without times: the same tensors give the same bytes. Error(kDisk) beyond
// 4 GiB, which the plain format does not hold.
std::string npz_of(const std::vector<NamedTensor>& tensors);

}  // namespace mlrun::io

// The one view of rows of numbers in memory: what kernels read and write.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

// Rows that lie `stride` numbers apart, from `data` on. Null data: there are none. How many rows there are, and how long,
// the kernel is told beside them.
template <class T>
struct Rows {
  T* data = nullptr;
  int64_t stride = 0;
  T* row(int64_t i) const { return data + i * stride; }
};

}  // namespace mlrun::kernels

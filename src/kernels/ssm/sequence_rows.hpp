// A row of numbers at every position of every sequence, in memory that may hold other channels beside it.
#pragma once

#include <cstdint>

namespace mlrun::kernels {

template <class T>
struct SequenceRows {
  T* data = nullptr;
  int64_t sequence = 0, position = 0;  // from one to the next, in numbers; 0: the same row serves all
  T* at(int64_t i, int64_t t) const { return data + i * sequence + t * position; }
  explicit operator bool() const { return data != nullptr; }
};

}  // namespace mlrun::kernels

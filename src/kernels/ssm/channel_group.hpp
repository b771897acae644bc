// Sequences of a group of channels, each channel's positions side by side. Included once per instruction set by
// Highway's foreach_target (hence the unusual include guard).
#if defined(MLRUN_KERNELS_CHANNEL_GROUP_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef MLRUN_KERNELS_CHANNEL_GROUP_HPP
#undef MLRUN_KERNELS_CHANNEL_GROUP_HPP
#else
#define MLRUN_KERNELS_CHANNEL_GROUP_HPP
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "kernels/vector/tile_transpose.hpp"
#include "tensor/tensor.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE::ssm {

constexpr int64_t kGroup = 16;  // channels that are transposed together: a cache line

struct GroupShape {
  int64_t n, length, channels;  // of the sequences [n, length, channels]
  int64_t chunk;                // positions of a row
  int64_t empty = 0;            // rows of zeros behind the chunks of each sequence
};

// Sequences of [length, channels], a group of channels at a time, with each channel's positions side by side: rows of
// chunks, all sequences one after the other and each filled up with zeros to whole chunks.
class ChannelGroup {
 public:
  explicit ChannelGroup(const GroupShape& shape)
      : shape_(shape), chunks_((shape.length + shape.chunk - 1) / shape.chunk), sequence_(chunks_ + shape.empty) {
    // Not a multiple of 4096 bytes apart, which would put all channels into one set of the cache.
    stride_ = rows() * shape.chunk + 16;
    numbers_ = Tensor::zeros({kGroup * stride_});
  }
  int64_t chunks() const { return chunks_; }             // of a sequence
  int64_t rows() const { return shape_.n * sequence_; }  // of all sequences
  float* channel(int64_t k) { return numbers_.data<float>() + k * stride_; }

  HWY_INLINE void read(const float* x, int64_t first, int64_t count) {
    for (int64_t i = 0; i < shape_.n; ++i, x += shape_.length * shape_.channels) {
      tile::transpose(x + first, shape_.channels, shape_.length, count, sequence(i), stride_);
    }
  }
  HWY_INLINE void write(float* x, int64_t first, int64_t count) {
    for (int64_t i = 0; i < shape_.n; ++i, x += shape_.length * shape_.channels) {
      tile::transpose(sequence(i), stride_, count, shape_.length, x + first, shape_.channels);
    }
  }
  // The same, all in reverse: the last position of the last sequence comes first (after the zeros).
  HWY_INLINE void read_reversed(const float* x, int64_t first, int64_t count) {
    for (int64_t i = 0; i < shape_.n; ++i, x += shape_.length * shape_.channels) {
      tile::transpose(x + (shape_.length - 1) * shape_.channels + first, -shape_.channels, shape_.length, count,
                      reversed(i), stride_);
    }
  }
  HWY_INLINE void write_reversed(float* x, int64_t first, int64_t count) {
    for (int64_t i = 0; i < shape_.n; ++i, x += shape_.length * shape_.channels) {
      tile::transpose(reversed(i), stride_, count, shape_.length, x + (shape_.length - 1) * shape_.channels + first,
                      -shape_.channels);
    }
  }

 private:
  float* sequence(int64_t i) { return channel(0) + i * sequence_ * shape_.chunk; }
  float* reversed(int64_t i) { return sequence(shape_.n - i) - shape_.length; }
  GroupShape shape_;
  int64_t chunks_, sequence_, stride_ = 0;
  Tensor numbers_;
};

}  // namespace mlrun::kernels::HWY_NAMESPACE::ssm
HWY_AFTER_NAMESPACE();
#endif  // the toggle

// The selective scan of Mamba (Gu & Dao 2023, algorithm 2): for each channel d a diagonal system of its own, whose time
// step, input and output matrices depend on the position,
//
//   h_t[d, n] = exp(delta_t[d] A[d, n]) h_{t-1}[d, n] + delta_t[d] B_t[n] u_t[d],
//   y_t[d] = sum over n of C_t[n] h_t[d, n] + skip[d] u_t[d].
//
// delta A <= 0. States are kept at every kScanChunk positions alone; the gradient computes those between again.
#pragma once

#include <cstdint>

#include "tensor/tensor.hpp"

namespace mlrun::kernels {

inline constexpr int64_t kScanChunk = 32;

struct ScanShape {
  int64_t sequences = 0, length = 0, channels = 0, states = 0;
  int64_t padded() const { return (channels + 15) / 16 * 16; }  // channels of a row of states
  int64_t state_count() const { return states * padded(); }     // numbers of a sequence's states
  int64_t border_count() const;                                 // of the states between chunks
};

// A [channels, states], turned: [states, padded], with 0 behind the channels.
Tensor turned_poles(const Tensor& a);

struct ScanInputs {
  const float *u = nullptr, *delta = nullptr;  // [sequences, length, channels]
  const float* poles = nullptr;                // A as turned_poles gives it
  const float *b = nullptr, *c = nullptr;      // [sequences, length, states]
  const float* skip = nullptr;                 // [channels]
};

// y [sequences, length, channels]; borders: shape.border_count() numbers for selective_scan_gradient, or null.
void selective_scan(const ScanShape& shape, const ScanInputs& in, float* y, float* borders);

struct ScanGradients {
  float *u = nullptr, *delta = nullptr, *b = nullptr, *c = nullptr;  // like the inputs, overwritten
  float* poles = nullptr;                                            // turned like the poles; added to
  float* skip = nullptr;                                             // added to
};
void selective_scan_gradient(const ScanShape& shape, const ScanInputs& in, const float* dy, const float* borders,
                             const ScanGradients& to);

// The next position of shape.sequences sequences (shape.length is 1): states [sequences, states, padded] begin as
// zeros.
void selective_scan_step(const ScanShape& shape, const ScanInputs& in, float* states, float* y);

}  // namespace mlrun::kernels

// What the convolution's sources share: how a kernel's outline looks from a canvas, and the scratch canvases.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv/conv.hpp"

namespace mlrun::kernels {

constexpr int64_t kConvPanel = 32;  // output channels that are packed together

std::vector<ConvRun> runs_of(const Outline& outline, const Canvas& canvas, int64_t images = 1);

// The calling thread's canvas, for one image at a time; valid until the next call.
float* scratch_canvas(int64_t count);
// One image (or its relu) with zeros around it.
void paint_canvas(const float* x, int64_t height, int64_t width, const Canvas& canvas, bool relu, float* to);

}  // namespace mlrun::kernels

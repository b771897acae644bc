// Predictive sampling: ancestral sampling as the solution of a triangular system, by Jacobi's iteration on the parallel
// view (Song et al. 2021, "Accelerating feedforward computation via parallel nonlinear equation solving"; Wiggers &
// Hoogeboom 2020, "Predictive sampling with forecasting autoregressive models").
//
// Each symbol is a function of its own fixed uniform and of the symbols before it, x_t = f(x_<t, u_t). Guess all, and
// draw all anew from the guess's logits until nothing changes: pass k settles at least the first k symbols, so the only
// fixed point is the sequential sample, after at most positions + 1 passes and mostly far fewer.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "generate/draw.hpp"
#include "models/model.hpp"

namespace mlrun {

struct JacobiDraw {
  Tensor symbols;      // s32 [n, positions] in the data's order
  int64_t passes = 0;  // of the image that took the most; the last one of each changed nothing
};

// One image for each stream of uniforms. labels [n]: needed if the model is conditional. prefix s32 [n, k], or none:
// the symbols of the first k steps, which are known.
//
// The last pass over an image draws every one of its symbols again from the final image. So it is the image of the
// sequential sampler where both views have the same bits (views_share_bits()); elsewhere it is until a uniform falls
// between the two probabilities, which differ by about 1e-7. Error(kInternal) if there is no fixed point: then some
// logit depends on its own or a later symbol.
JacobiDraw draw_by_jacobi(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t component,
                          const std::vector<RandomStream>& streams, const int32_t* labels, const DrawLaw& law,
                          const Tensor& prefix = {});

}  // namespace mlrun

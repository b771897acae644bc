// What a code model makes of images and of codes, to look at and to keep.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/draw.hpp"
#include "io/image.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun {

inline constexpr int kPairsAcross = 8;  // pictures in a row of a sheet: four originals, each with its reconstruction

// How pixels are drawn given the codes.
struct PixelDraw {
  uint64_t seed = 1;
  int64_t first = 0;  // number of the first image
  DrawLaw law = {};
};

// Code maps s32 [n, codes().positions()] as pictures of the expected value of every pixel given the codes, from black
// (symbol 0) to white; where p(x|z) is autoregressive over pixels, an image drawn from it as decoded_symbols does.
std::vector<io::Image> decoded_images(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes,
                                      const PixelDraw& draw = {});
// Pixels drawn from p(x|z): s32 [n, positions]. Image i takes its noise from (seed, first + i).
Tensor decoded_symbols(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes,
                       const PixelDraw& draw);
// `count` pictures from one image to another, symbols s32 [2, positions]: picture k is what the codes of (1 - t) z_0 +
// t z_1 decode to, t = k / (count - 1), z what the encoder says.
std::vector<io::Image> interpolated(const CodeModel& model, const ParameterArena& parameters, const Tensor& symbols,
                                    int64_t count, const PixelDraw& draw = {});
// Images s32 [n, positions], each followed by its reconstruction.
std::vector<io::Image> pairs_of(const CodeModel& model, const ParameterArena& parameters, const Tensor& symbols,
                                const PixelDraw& draw = {});

}  // namespace mlrun

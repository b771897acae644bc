// A VQ-VAE with its weights: images become codes, and codes images, to look at and to keep.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "generate/draw.hpp"
#include "io/image.hpp"
#include "models/codes/code_model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

inline constexpr int kPairsAcross = 8;  // pictures in a row of a sheet: four originals, each with its reconstruction

// How pixels are drawn given the codes.
struct PixelDraw {
  uint64_t seed = 1;
  int64_t first = 0;  // number of the first image
  DrawLaw law = {};
  Ranks& ranks = one_rank();  // each draws or decodes a part of the images, and all have all of them in the end
};

// x are symbols of images, s32 [n, positions]; z their codes, s32 [n, codes().positions()].
class Autoencoder {
 public:
  // Both must outlive it.
  Autoencoder(const CodeModel& model, const ParameterArena& parameters) : model_(model), parameters_(parameters) {}
  const CodeModel& model() const { return model_; }
  const ParameterArena& parameters() const { return parameters_; }
  const DataSpec& images() const { return model_.data(); }

  // CodeModel::encode.
  Encoding encode(const Tensor& x, uint64_t draw = 0) const { return model_.encode(parameters_, x, draw); }
  // -log p(x|z) of each image, nats.
  std::vector<double> nll(const Tensor& x, const Tensor& z) const;

  // Pixels drawn from p(x|z). Image i takes its noise from (seed, first + i).
  Tensor draw(const Tensor& z, const PixelDraw& how) const;
  // Pictures of the expected value of every pixel given the codes, from black (symbol 0) to white; where p(x|z) is
  // autoregressive over pixels, of an image drawn from it.
  std::vector<io::Image> decode(const Tensor& z, const PixelDraw& how = {}) const;
  // `count` pictures from one image to another, x [2, positions]: picture k is what the codes of (1 - t) z_0 + t z_1
  // decode to, t = k / (count - 1), z what the encoder says.
  std::vector<io::Image> interpolate(const Tensor& x, int64_t count, const PixelDraw& how = {}) const;
  // Each image, followed by its reconstruction.
  std::vector<io::Image> reconstruct(const Tensor& x, const PixelDraw& how = {}) const;

 private:
  const CodeModel& model_;
  const ParameterArena& parameters_;
};

}  // namespace mlrun

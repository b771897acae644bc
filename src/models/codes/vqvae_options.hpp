// What a spec says of a VQ-VAE.
#pragma once

#include <optional>

#include "models/codes/code_prior.hpp"
#include "models/codes/vqvae_networks.hpp"
#include "models/quantizers/quantizer.hpp"

namespace mlrun {

struct VqVaeOptions {
  explicit VqVaeOptions(config::Reader& reader);
  VqVaeSizes sizes;
  PixelLikelihoodOptions likelihood;
  PixelInput input;
  bool draws;          // the encoder is a law q(z|x)
  double temperature;  // see models/codes/code_prior.hpp
  QuantizerRegistry::Choice quantizer;
  std::optional<CodePriorOptions> rate;
  std::optional<VqVaeDecoderOptions> decoder;
};

}  // namespace mlrun

// What a spec says of a VQ-VAE.
#pragma once

#include <optional>

#include "models/code_prior.hpp"
#include "models/quantizer.hpp"
#include "models/vqvae_networks.hpp"

namespace mlrun {

struct VqVaeOptions {
  explicit VqVaeOptions(config::Reader& reader);
  VqVaeSizes sizes;
  PixelLikelihoodOptions likelihood;
  PixelInput input;
  bool draws;          // the encoder is a law q(z|x)
  double temperature;  // see models/code_prior.hpp
  QuantizerRegistry::Choice quantizer;
  std::optional<CodePriorOptions> rate;
  std::optional<VqVaeDecoderOptions> decoder;
};

}  // namespace mlrun

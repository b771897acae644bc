#include "models/codes/vqvae_options.hpp"

namespace mlrun {

VqVaeOptions::VqVaeOptions(config::Reader& reader)
    : sizes(reader),
      likelihood(reader),
      input(read_pixel_input(reader)),
      draws(reader.one_of<bool>("encoder", {{"deterministic", false}, {"stochastic", true}},
                                {.help = "stochastic: codes are drawn from q(z|x), whose entropy is given back",
                                 .fallback = "deterministic"})),
      temperature(reader.real(
          "temperature",
          {.help = "of the softmax by which a rate's gradient, and that of drawn codes, reaches the encoder",
           .min = 0,
           .exclusive_min = true,
           .fallback = 2.0})) {
  config::Reader quantizer_section = reader.section("quantizer", "how vectors become codes");
  quantizer = quantizer_kinds().choose(quantizer_section, "ema");
  config::Reader rate_section = reader.section("rate", "what codes cost in stage one");
  rate.emplace(rate_section);
  config::Reader decoder_section = reader.section("decoder", "from codes to pixels");
  decoder.emplace(decoder_section, likelihood);
  if (draws && !rate->prior && !reader.describing()) {
    reader.mistake("encoder", "a stochastic encoder needs a prior for its codes, and model.rate.kind is none",
                   "model.rate.kind=prior");
  }
}

}  // namespace mlrun

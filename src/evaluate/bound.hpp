// The likelihood of images under a model of two stages, bounded: a VQ-VAE and a prior over its codes.
//
// p(x) = sum_z p(z) p(x|z) over all code maps z, so the sum over any set of distinct maps is a lower bound of it, and
// that over the one map of the encoder the simplest. An encoder that draws gives the ELBO, -log p(x) <= E_q[-log p(x|z)
// - log p(z) + log q(z|x)], by one draw for each image; with K draws its importance-weighted form (Burda et al. 2016),
// E[-log 1/K sum_k p(z_k) p(x|z_k) / q(z_k|x)], which is closer. Both are bounds in the mean, not image by image.
#pragma once

#include <array>
#include <vector>

#include "evaluate/evaluate.hpp"
#include "experiment/codes_dataset.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun {

struct Bounds {                        // of every example, in nats
  std::vector<double> reconstruction;  // -log p(x|z), z = encode(x)
  std::vector<double> prior;           // -log p(z)
  std::vector<double> posterior;       // log q(z|x); empty unless the encoder draws
  std::vector<double> total;  // -log of the sum of p(z) p(x|z) over the maps, or of the mean of p(z) p(x|z) / q(z|x)
  // How much worse the pixels are known by the codes of another image (the next of the batch); empty unless the decoder
  // sees pixels, which may make it ignore the codes.
  std::vector<double> carried;
};

inline constexpr std::array kBoundFigures = {&Bounds::reconstruction, &Bounds::prior, &Bounds::posterior,
                                             &Bounds::total, &Bounds::carried};

// Of images s32 [n, positions] and their codes; `maps`: how many code maps are summed, or draws. `prior` is a model of
// the codes (if conditional, labels are summed out).
Bounds bounds_of(const Autoencoder& autoencoder, const Model& prior, const ParameterArena& prior_parameters,
                 const Tensor& symbols, const Tensor& codes, int64_t maps);

// Of a split.
Bounds bounds_of(const TrainedModel& prior, const CodesDataset& data, Split split, const EvaluateOptions& options,
                 int64_t maps, LanePool& pool);

}  // namespace mlrun

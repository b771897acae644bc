// Stage one of a generative model of two stages: images become maps of codes, and codes a likelihood of images.
//
// With any p(z) over its code maps (a prior, stage two), -log p(x|z) - log p(z) with z = encode(x) bounds -log p(x) =
// -log sum_z p(z) p(x|z) from above, since every term of the sum is positive.
#pragma once

#include "models/model.hpp"

namespace mlrun {

// -log p(x | encode(x)) and what else one pass over images tells.
struct Reconstruction {
  std::vector<double> nll;   // of each image, nats
  Tensor codes;              // s32 [n, codes().positions()]
  double squared_error = 0;  // sum over all vectors of |z - q|^2
  int64_t vectors = 0;       // how many there were
};

class CodeModel : public Model {
 public:
  explicit CodeModel(const DataSpec& data) : data_(data) {}
  const CodeModel* code_model() const final { return this; }
  const DataSpec& data() const { return data_; }
  // What a prior is a model of: the grid of codes as an image (several symbols a position stand side by side in its
  // rows), their alphabet, the classes of the data.
  virtual DataSpec codes() const = 0;

  virtual Reconstruction reconstruct(const ParameterArena& parameters, const Tensor& symbols) const = 0;
  // Codes s32 [n, codes().positions()] -> logits of every pixel given them: [n, positions] for an alphabet of 2, else
  // [n, positions, alphabet].
  virtual Tensor decode(const ParameterArena& parameters, const Tensor& codes) const = 0;
  // How much farther from what the encoder said of each image the vectors are with one code replaced: |z - q'|^2 - |z -
  // q|^2, f32 [n, codes().positions(), codes().alphabet]. For image symbols s32 [n, positions] and their codes.
  virtual Tensor replacement_costs(const ParameterArena& parameters, const Tensor& symbols,
                                   const Tensor& codes) const = 0;
  // How many codes were restarted because nothing used them, since training began.
  virtual int64_t restarted() const { return 0; }

  // Reconstruction alone: -log p(x | encode(x)), without what the codes cost. Not a bound on -log p(x).
  std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const override {
    return reconstruct(parameters, batch.symbols).nll;
  }

 private:
  DataSpec data_;
};

}  // namespace mlrun

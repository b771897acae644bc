// Stage one of a generative model of two stages: images become maps of codes, and codes a likelihood of images.
//
// With any p(z) over its code maps (a prior, stage two), -log p(x|z) - log p(z) with z = encode(x) bounds -log p(x) =
// -log sum_z p(z) p(x|z) from above, since every term of the sum is positive. An encoder that draws, z ~ q(z|x), gets
// its entropy back: the mean of -log p(x|z) - log p(z) + log q(z|x) is the negative ELBO, a bound as well.
#pragma once

#include <memory>
#include <optional>

#include "models/model.hpp"

namespace mlrun {

struct Encoding {
  Tensor codes;               // s32 [n, codes().positions()]
  std::vector<double> log_q;  // log q(z|x) of each image's codes, nats; 0 where the encoder does not draw
};

class CodeModel : public Model {
 public:
  explicit CodeModel(const DataSpec& data) : data_(data) {}
  const CodeModel* code_model() const final { return this; }
  const DataSpec& data() const { return data_; }
  NllSubject nll_subject(bool) const override { return has_prior() ? NllSubject::kXAtMost : NllSubject::kXGivenCodes; }
  int64_t predictions() const override { return data_.modelled_positions(); }
  // What a prior is a model of: the grid of codes as an image (several symbols a position stand side by side in its
  // rows; of several levels see CodeGrid::shape), their alphabet, the classes of the data.
  virtual DataSpec codes() const = 0;
  // Which of codes().positions() stands for a pixel: of the finest level, its first symbol.
  virtual int64_t code_of_pixel(int64_t row, int64_t column) const = 0;

  virtual bool draws_codes() const { return false; }  // the encoder is a law q(z|x)
  virtual bool has_prior() const { return false; }    // Reconstruction::rate is known
  virtual bool sees_pixels() const { return false; }  // p(x|z) is autoregressive over pixels, in raster order

  // `draw`: which draw of the codes, where the encoder draws; nullopt: the likeliest codes. An image's codes are a
  // function of the image and the number of the draw, whatever the batch.
  virtual Encoding encode(const ParameterArena& parameters, const Tensor& symbols,
                          std::optional<uint64_t> draw = 0) const = 0;
  // With draws_codes(): log q(k|x) of every code up to a constant of its position, f32 [n, codes().positions(),
  // codes().alphabet].
  virtual Tensor log_odds(const ParameterArena& parameters, const Tensor& symbols) const = 0;
  // With draw 0.
  virtual Reconstruction reconstruct(const ParameterArena& parameters, const Tensor& symbols) const = 0;
  // Parallel view of p(x|z). Codes s32 [n, codes().positions()], symbols s32 [n, positions] -> logits of every pixel
  // given the codes and, with sees_pixels(), the pixels before it: [n, positions] for an alphabet of 2, else [n,
  // positions, alphabet]. Without sees_pixels() the symbols are not looked at, and may be undefined.
  virtual Tensor logits(const ParameterArena& parameters, const Tensor& codes, const Tensor& symbols) const = 0;
  // Step view of the same, in raster order, of as many images as there are code maps.
  virtual std::unique_ptr<Stepper> stepper(const ParameterArena& parameters, const Tensor& codes) const = 0;
  // How much farther from what the encoder said of each image the vectors are with one code replaced: |z - q'|^2 - |z -
  // q|^2, f32 [n, codes().positions(), codes().alphabet]. For image symbols s32 [n, positions] and their codes.
  virtual Tensor replacement_costs(const ParameterArena& parameters, const Tensor& symbols,
                                   const Tensor& codes) const = 0;
  // What the encoder says of images before it is quantised: f32 [n, ...], and the codes of such numbers.
  virtual Tensor latents(const ParameterArena& parameters, const Tensor& symbols) const = 0;
  virtual Tensor codes_of_latents(const ParameterArena& parameters, const Tensor& latents) const = 0;
  // With has_prior() the bound: reconstruction and rate. Else reconstruction alone: -log p(x | encode(x)), without what
  // the codes cost, which is not a bound on -log p(x).
  std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const override {
    return scores(parameters, batch).nll;
  }
  Scores scores(const ParameterArena& parameters, const Batch& batch) const override {
    Reconstruction r = reconstruct(parameters, batch.symbols);
    std::vector<double> nll = r.nll;
    for (size_t i = 0; i < r.rate.size(); ++i) nll[i] += r.rate[i];
    return {std::move(nll), {}, std::move(r)};
  }

 private:
  DataSpec data_;
};

}  // namespace mlrun

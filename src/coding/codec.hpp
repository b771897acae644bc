// Lossless coding of images with a model's step view: the size is the negative log-likelihood, to within some 40 bits a
// stream.
//
// A mixture (several orders or masks, and for a conditional model the unknown class) is coded by bits-back with
// asymmetric numeral systems (Hinton & van Camp 1993; Townsend et al. 2019): the component c of an image x is popped
// from the stack by its posterior p(c|x), x is pushed by p(x|c), then c by its prior, so that x costs
// -log sum_c p(c) p(x|c) and not more. The bits for the first image of a stream come from a pad that both sides know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "coding/coded_streams.hpp"
#include "models/model.hpp"

namespace mlrun {

// Coder and decoder must get the same logits bit for bit: the same model on the same kind of CPU. Both cut the images
// into the same streams and the same batches (coding/coded_streams.hpp).
class Codec {
 public:
  Codec(const AutoregressiveModel& model, const ParameterArena& parameters);

  // Symbols s32 [count, positions] in the data's order, each inside the alphabet. One block of bytes for each of the
  // streams_of(count) streams.
  std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const;
  // Error(kData): the streams are not what this model codes.
  Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const;
  // The same for some images on a stack that others use as well.
  void push(const Tensor& rows, AnsStack& stack) const;
  void pop(Tensor rows, AnsStack& stack) const;  // fills rows
  // -log p(x) of every row in nats, by the parallel view: what the streams should cost.
  std::vector<double> nll(const Tensor& symbols, LanePool& pool) const;

 private:
  int64_t latents() const { return model_.components() * labels_; }
  int free_bits() const;
  StreamCoding coding() const;
  // log p(c) + log p(x|c) in nats: [rows, latents].
  std::vector<double> log_joint(const Tensor& rows) const;

  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  int64_t labels_;                                // of a conditional model; else 1
  std::vector<double> log_prior_;                 // of the latents, which are numbered component * labels + label
  std::vector<std::unique_ptr<StepView>> views_;  // by component
};

}  // namespace mlrun

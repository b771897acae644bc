// Lossless coding of images x through codes z, by a model of two stages: z by a prior's step view, then every pixel by
// the step view of p(x|z), all on one stack.
//
// Where the encoder draws its codes, their choice is paid back (bits-back; Hinton & van Camp 1993; Townsend et al.
// 2019): z is popped from the stack by q(z|x), then x is pushed by p(x|z), then z by p(z), so that an image costs
// -log p(x|z) - log p(z) + log q(z|x): in the mean the negative ELBO, the bound that `mlrun eval` states. The bits for
// the first image of a stream come from a pad that both sides know.
#pragma once

#include <span>
#include <vector>

#include "coding/codec.hpp"
#include "models/codes/code_model.hpp"

namespace mlrun {

// What Codec says of bits and streams holds here too.
class LatentCodec {
 public:
  // All must outlive it.
  LatentCodec(const CodeModel& model, const ParameterArena& parameters, const AutoregressiveModel& prior,
              const ParameterArena& prior_parameters);

  // Symbols s32 [count, positions] -> one block of bytes for each of the streams_of(count) streams.
  std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const;
  // Error(kData): the streams are not what these laws code.
  Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const;

 private:
  StreamCoding coding() const;
  void push(const Tensor& rows, AnsStack& stack) const;
  void pop(Tensor rows, AnsStack& stack) const;
  // The codes of images, popped by q(z|x) where the encoder draws; and what gives those bits back.
  Tensor pop_codes(const Tensor& rows, AnsStack& stack) const;
  void push_codes(const Tensor& rows, const Tensor& codes, AnsStack& stack) const;

  const CodeModel& model_;
  const ParameterArena& parameters_;
  Codec prior_;
};

}  // namespace mlrun

// The end of a network of convolutions: 1 x 1 layers, and a likelihood of every pixel.
#pragma once

#include <string>
#include <vector>

#include "config/reader.hpp"
#include "models/autoregressive/step_layer.hpp"
#include "nn/conv.hpp"
#include "nn/layout.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

// The keys `likelihood` and `mixture`.
struct PixelLikelihoodOptions {
  explicit PixelLikelihoodOptions(config::Reader& reader);
  bool logistics;
  int64_t mixture;
};

// Free logits of every symbol, or a mixture of discretised logistics (ops/logistic_mixture.hpp).
class PixelLikelihood {
 public:
  // Error(kUsage) for logistics of binary data, which have no levels.
  PixelLikelihood(const PixelLikelihoodOptions& options, const DataSpec& data);
  int64_t channels() const;  // that the network has to give for each pixel
  // x [n, height, width, channels] -> [n, positions] for an alphabet of 2, else [n, positions, alphabet]
  Variable logits(const Variable& x) const;
  // The same for single pixels: x [count, channels] -> out [count] or [count, alphabet].
  void logits(const float* x, int64_t count, float* out) const;
  std::string in_words() const;  // how l comes of the channels a

 private:
  int64_t alphabet_, components_;  // 0 components: the channels are the logits
};

struct PixelHeadOptions {
  // The key `head` and those of the likelihood; `width` of the one hidden layer that is there by default.
  PixelHeadOptions(config::Reader& reader, int64_t width);
  // The key `head` alone.
  PixelHeadOptions(config::Reader& reader, int64_t width, const PixelLikelihoodOptions& likelihood);
  std::vector<int64_t> hidden;
  PixelLikelihoodOptions likelihood;
};

class PixelHead {
 public:
  struct Packed {
    std::vector<kernels::PackedKernel> layers;
    PixelLikelihood likelihood;
  };

  PixelHead(const PixelHeadOptions& options, const DataSpec& data, const Scope& scope, int64_t in);
  // relu, 1 x 1, relu, 1 x 1 ...: x [n, height, width, in] -> logits in raster order
  Variable operator()(Pass& pass, Variable x) const;
  Packed packed(int64_t height, int64_t width) const;
  Layout layout() const;  // from h, what the network gives to the head, to l

 private:
  PixelLikelihood likelihood_;
  std::vector<Conv> layers_;
};

class StepHead {
 public:
  StepHead(const PixelHead::Packed& packed, int64_t count);
  // x [count, in] -> out [count] or [count, alphabet]
  void logits(const float* x, float* out);

 private:
  const PixelHead::Packed& packed_;
  int64_t count_;
  std::vector<StepLayer> layers_;
  std::vector<Tensor> results_;
};

}  // namespace mlrun

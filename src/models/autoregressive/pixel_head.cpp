#include "models/autoregressive/pixel_head.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "kernels/vector/logistic_mixture.hpp"
#include "ops/logistic_mixture.hpp"
#include "ops/shape.hpp"

namespace mlrun {

PixelLikelihoodOptions::PixelLikelihoodOptions(config::Reader& reader)
    : logistics(reader.one_of<bool>("likelihood", {{"categorical", false}, {"logistics", true}},
                                    {.help = "of a pixel: free logits of every symbol (Bernoulli for binary pixels), "
                                             "or a mixture of discretised logistics over ordered ones (grey levels)",
                                     .fallback = "categorical"})),
      mixture(
          reader.integer("mixture", {.help = "components of the logistics", .min = 1, .max = 1000, .fallback = 5})) {}

PixelLikelihood::PixelLikelihood(const PixelLikelihoodOptions& options, const DataSpec& data)
    : alphabet_(data.alphabet), components_(options.logistics ? options.mixture : 0) {
  if (options.logistics && data.alphabet <= 2) {
    fail(ExitCode::kUsage,
         "model.likelihood logistics is for grey levels, and this data {}\n"
         "  take   model.likelihood=categorical (or data.binarization=none)",
         data.alphabet == 2 ? "is binary" : "has one symbol alone");
  }
}

namespace {

std::vector<int64_t> read_head(config::Reader& reader, int64_t width) {
  return reader.integers("head", {.help = "channels of the 1 x 1 convolutions before the logits",
                                  .min = 1,
                                  .max = 4096,
                                  .max_size = 16,
                                  .fallback = {{width}}});
}

}  // namespace

PixelHeadOptions::PixelHeadOptions(config::Reader& reader, int64_t width)
    : hidden(read_head(reader, width)), likelihood(reader) {}

PixelHeadOptions::PixelHeadOptions(config::Reader& reader, int64_t width, const PixelLikelihoodOptions& of)
    : hidden(read_head(reader, width)), likelihood(of) {}

int64_t PixelLikelihood::channels() const { return components_ > 0 ? 3 * components_ : logits_per_step(alphabet_); }

Variable PixelLikelihood::logits(const Variable& x) const {
  const int64_t n = x.dim(0), positions = x.dim(1) * x.dim(2);
  if (components_ > 0) return ops::logistic_mixture(ops::reshape(x, {n, positions, channels()}), alphabet_);
  return ops::reshape(x, alphabet_ == 2 ? Shape{n, positions} : Shape{n, positions, alphabet_});
}

void PixelLikelihood::logits(const float* x, int64_t count, float* out) const {
  if (components_ > 0) kernels::logistic_mixture(x, count, components_, alphabet_, out);
  else std::copy_n(x, count * channels(), out);
}

std::string PixelLikelihood::in_words() const {
  if (components_ == 0) return "l = a, the channels of each pixel";
  return fmt::format(
      "a = log-weights, means and log-scales s of {} logistics, {} channels each; with u the symbols spread evenly "
      "over -1 "
      ".. 1 and d half their distance: l = log sum softmax(weights) (sigma((u + d - mean) / exp(s)) - sigma((u - d - "
      "mean) "
      "/ exp(s))), where s is at least {}, the outermost symbols take all that is beyond them, and {} of the mass is "
      "spread "
      "evenly",
      components_, components_, kernels::kLeastLogScale, kernels::kSpreadMass);
}

PixelHead::PixelHead(const PixelHeadOptions& options, const DataSpec& data, const Scope& scope, int64_t in)
    : likelihood_(options.likelihood, data) {
  for (size_t k = 0; k < options.hidden.size(); ++k) {
    const Scope at = scope / fmt::format("head_{}", k + 1);
    layers_.emplace_back(at, KernelSize{1, 1}, pointwise_outline(), in, options.hidden[k]);
    in = options.hidden[k];
  }
  layers_.emplace_back(scope / "output", KernelSize{1, 1}, pointwise_outline(), in, likelihood_.channels());
}

Variable PixelHead::operator()(Pass& pass, Variable x) const {
  for (const Conv& layer : layers_) x = layer(pass, x, {.relu = true, .add = {}});
  return likelihood_.logits(x);
}

PixelHead::Packed PixelHead::packed(int64_t height, int64_t width) const {
  Packed result = {{}, likelihood_};
  for (const Conv& layer : layers_) result.layers.push_back(layer.packed(height, width));
  return result;
}

Layout PixelHead::layout() const {
  Layout layout;
  layout.line(fmt::format("for i = 1 .. {}: h = conv(relu h, head_i);  a = conv(relu h, output)", layers_.size() - 1));
  layout.line(likelihood_.in_words());
  layout.tensor("head_*/weight", "1 x 1").tensor("head_*/bias", "of each channel");
  return layout.tensor("output/weight", "1 x 1").tensor("output/bias", "of each channel");
}

StepHead::StepHead(const PixelHead::Packed& packed, int64_t count) : packed_(packed), count_(count) {
  for (const kernels::PackedKernel& layer : packed.layers) {
    layers_.emplace_back(layer, count);
    results_.emplace_back(Shape{count, layer.shape().out});
  }
}

void StepHead::logits(const float* x, float* out) {
  for (size_t k = 0; k < layers_.size(); ++k) {
    float* y = results_[k].data<float>();
    layers_[k].put(0, 0, x, true);  // pointwise: any place will do
    layers_[k].at(0, 0, nullptr, y);
    x = y;
  }
  packed_.likelihood.logits(x, count_, out);
}

}  // namespace mlrun

// VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017): images as grids of codes.
//
// Encoder: convolutions with strides, residual blocks, 1 x 1 to `dim` numbers for each position. Decoder: the mirror
// image, transposed. Loss (their eq. 3), nats: -log p(x|q) plus what the quantiser adds. Images whose sides are no
// multiples of the strides' product are padded with zeros, and what is decoded is cut to size.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "models/code_model.hpp"
#include "models/pixel_head.hpp"
#include "models/pixel_input.hpp"
#include "models/quantizer.hpp"
#include "nn/conv.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct VqVaeOptions {
  explicit VqVaeOptions(config::Reader& reader)
      : width(
            reader.integer("width", {.help = "channels of the hidden layers", .min = 1, .max = 4096, .fallback = 128})),
        strides(
            reader.integers("strides", {.help = "of the convolutions, one after the other; their product is the side "
                                                "of the square of pixels that a code stands for",
                                        .min = 1,
                                        .max = 16,
                                        .min_size = 1,
                                        .max_size = 8,
                                        .fallback = {{2, 2}}})),
        blocks(reader.integer(
            "blocks",
            {.help = "residual blocks in the encoder, and in the decoder", .min = 0, .max = 100, .fallback = 2})),
        dim(reader.integer(
            "dim", {.help = "numbers that are quantised at each position", .min = 1, .max = 4096, .fallback = 64})),
        likelihood(reader),
        input(read_pixel_input(reader)) {
    config::Reader section = reader.section("quantizer", "how vectors become codes");
    quantizer = quantizer_kinds().choose(section, "ema");
  }
  int64_t width;
  std::vector<int64_t> strides;
  int64_t blocks, dim;
  PixelLikelihoodOptions likelihood;
  PixelInput input;
  QuantizerRegistry::Choice quantizer;
};

// x + conv1x1(relu(conv3x3(relu x)))
class ResidualBlock {
 public:
  ResidualBlock(const Scope& scope, int64_t width)
      : first_(scope / "first", {3, 3}, whole_outline(3), width, width),
        second_(scope / "second", {1, 1}, pointwise_outline(), width, width) {}
  Variable operator()(Pass& pass, const Variable& x) const {
    return second_(pass, first_(pass, x, {.relu = true, .add = {}}), {.relu = true, .add = x});
  }

 private:
  Conv first_, second_;
};

int64_t kernel_of(int64_t stride) { return stride == 1 ? 3 : 2 * stride; }

class VqVae : public CodeModel {
 public:
  using Options = VqVaeOptions;

  VqVae(const Options& options, const DataSpec& data, const Scope& scope)
      : CodeModel((require_images(data, "vqvae"), data)),
        encoding_(options.input, data),
        likelihood_(options.likelihood, data),
        dim_(options.dim) {
    const int64_t width = options.width, layers = static_cast<int64_t>(options.strides.size());
    int64_t side = 1, in = encoding_.channels();
    for (int64_t l = 0; l < layers; ++l) {
      const int64_t s = options.strides[static_cast<size_t>(l)], k = kernel_of(s);
      down_.emplace_back(scope / fmt::format("encoder/down_{}", l + 1), KernelSize{k, k}, whole_outline(k, s), in,
                         width, s);
      in = width;
      side *= s;
    }
    rows_ = (data.shape[0] + side - 1) / side;
    columns_ = (data.shape[1] + side - 1) / side;
    padded_ = {rows_ * side, columns_ * side};
    for (int64_t b = 1; b <= options.blocks; ++b)
      encoder_.emplace_back(scope / fmt::format("encoder/block_{}", b), width);
    to_codes_ = Conv(scope / "encoder/output", {1, 1}, pointwise_outline(), width, dim_);
    quantizer_ = make_quantizer(options.quantizer, dim_, scope / "quantizer");
    from_codes_ = Conv(scope / "decoder/input", {1, 1}, pointwise_outline(), dim_, width);
    for (int64_t b = 1; b <= options.blocks; ++b)
      decoder_.emplace_back(scope / fmt::format("decoder/block_{}", b), width);
    for (int64_t l = layers - 1; l >= 0; --l) {
      const int64_t s = options.strides[static_cast<size_t>(l)], k = kernel_of(s);
      up_.emplace_back(scope / fmt::format("decoder/up_{}", layers - l), KernelSize{k, k}, whole_outline(k, s), width,
                       l == 0 ? likelihood_.channels() : width, s);
    }
  }

  DataSpec codes() const override {
    return {.shape = {rows_, columns_ * quantizer_->symbols()},
            .alphabet = quantizer_->alphabet(),
            .classes = data().classes};
  }
  int64_t examples_at_once() const override { return 8; }
  int64_t restarted() const override { return quantizer_->restarted(); }

  Variable loss(Pass& pass, const Batch& batch) const override {
    const Quantized q = quantizer_->quantize(pass, encode(pass, batch.symbols));
    const Variable likelihood = ops::sum(negative_log_likelihood(decode(pass, q.vectors), batch.symbols));
    return q.loss.defined() ? ops::add(likelihood, q.loss) : likelihood;
  }

  Reconstruction reconstruct(const ParameterArena& parameters, const Tensor& symbols) const override {
    Reconstruction all;
    all.codes = Tensor({symbols.dim(0), codes().positions()}, DType::kS32);
    in_pieces(symbols.dim(0), [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      const Tensor part = symbols.rows(begin, end);
      const Quantized q = quantizer_->quantize(pass, encode(pass, part));
      const Tensor nll = negative_log_likelihood(decode(pass, q.vectors), part).value();
      all.nll.insert(all.nll.end(), nll.data<float>(), nll.data<float>() + nll.count());
      all.codes.rows(begin, end).copy_from(q.codes);
      all.squared_error += q.squared_error;
      all.vectors += q.codes.dim(0);
    });
    return all;
  }

  Tensor decode(const ParameterArena& parameters, const Tensor& code_maps) const override {
    const int64_t n = code_maps.dim(0);
    Tensor all(data().alphabet == 2 ? Shape{n, data().positions()} : Shape{n, data().positions(), data().alphabet});
    in_pieces(n, [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      const Tensor vectors = quantizer_->vectors(pass, code_maps.rows(begin, end).reshape({-1, quantizer_->symbols()}));
      all.rows(begin, end).copy_from(decode(pass, vectors).value());
    });
    return all;
  }

  Tensor replacement_costs(const ParameterArena& parameters, const Tensor& symbols,
                           const Tensor& code_maps) const override {
    const DataSpec map = codes();
    const int64_t k = map.alphabet, of_row = quantizer_->symbols(), rows = rows_ * columns_;
    Tensor costs({symbols.dim(0), map.positions(), k});
    for (int64_t i = 0; i < symbols.dim(0); ++i) {
      Pass pass(parameters);
      const Tensor z = encode(pass, symbols.rows(i, i + 1)).value();
      const Tensor own = code_maps.rows(i, i + 1).reshape({rows, of_row});
      const std::vector<double> before = distances(z, quantizer_->vectors(pass, own));
      for (int64_t s = 0; s < of_row; ++s) {
        Tensor changed = own.clone();
        for (int32_t code = 0; code < k; ++code) {
          for (int64_t r = 0; r < rows; ++r) changed.data<int32_t>()[r * of_row + s] = code;
          const std::vector<double> after = distances(z, quantizer_->vectors(pass, changed));
          for (int64_t r = 0; r < rows; ++r) {
            const auto at = static_cast<size_t>(r);
            costs.data<float>()[((i * rows + r) * of_row + s) * k + code] = static_cast<float>(after[at] - before[at]);
          }
        }
      }
    }
    return costs;
  }

  void initialise_from(const ParameterArena& parameters, const Batch& first, const RandomStream& noise) override {
    const int64_t n = first.count(), rows = rows_ * columns_;
    Tensor z({n * rows, dim_});
    in_pieces(n, [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      z.rows(begin * rows, end * rows).copy_from(encode(pass, first.symbols.rows(begin, end)).value());
    });
    Pass pass(parameters);
    quantizer_->initialise_from(pass, z, noise);
  }
  void after_step(const std::vector<Statistics>& lanes) override { quantizer_->after_step(lanes); }

 private:
  template <class Work>
  void in_pieces(int64_t count, Work work) const {
    for (int64_t begin = 0; begin < count; begin += examples_at_once())
      work(begin, std::min(count, begin + examples_at_once()));
  }

  // s32 [n, positions] -> [n rows columns, dim]
  Variable encode(Pass& pass, const Tensor& symbols) const {
    Variable h = padded(encoding_.images(symbols));
    for (size_t l = 0; l < down_.size(); ++l) h = down_[l](pass, h, {.relu = l > 0, .add = {}});
    for (const ResidualBlock& block : encoder_) h = block(pass, h);
    h = to_codes_(pass, h, {.relu = true, .add = {}});
    return ops::reshape(h, {symbols.dim(0) * rows_ * columns_, dim_});
  }

  // [n rows columns, dim] -> logits
  Variable decode(Pass& pass, const Variable& vectors) const {
    Variable h = from_codes_(pass, ops::reshape(vectors, {-1, rows_, columns_, dim_}));
    for (const ResidualBlock& block : decoder_) h = block(pass, h);
    for (const ConvTransposed& layer : up_) h = layer(pass, ops::relu(h));
    const int64_t top = (padded_[0] - data().shape[0]) / 2, left = (padded_[1] - data().shape[1]) / 2;
    if (padded_[0] != data().shape[0]) h = ops::slice(h, 1, top, top + data().shape[0]);
    if (padded_[1] != data().shape[1]) h = ops::slice(h, 2, left, left + data().shape[1]);
    return likelihood_.logits(h);
  }

  // Zeros around [n, height, width, channels].
  Tensor padded(const Tensor& images) const {
    const int64_t n = images.dim(0), height = images.dim(1), width = images.dim(2), c = images.dim(3);
    if (padded_ == Shape{height, width}) return images;
    const int64_t top = (padded_[0] - height) / 2, left = (padded_[1] - width) / 2;
    Tensor out = Tensor::zeros({n, padded_[0], padded_[1], c});
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t r = 0; r < height; ++r) {
        std::copy_n(images.data<float>() + (i * height + r) * width * c, width * c,
                    out.data<float>() + ((i * padded_[0] + r + top) * padded_[1] + left) * c);
      }
    }
    return out;
  }

  // |z - q|^2 of every row.
  std::vector<double> distances(const Tensor& z, const Tensor& q) const {
    std::vector<double> sums(static_cast<size_t>(z.count() / dim_));
    for (int64_t i = 0; i < z.count(); ++i) {
      const double difference = static_cast<double>(z.data<float>()[i]) - static_cast<double>(q.data<float>()[i]);
      sums[static_cast<size_t>(i / dim_)] += difference * difference;
    }
    return sums;
  }

  PixelEncoding encoding_;
  PixelLikelihood likelihood_;
  int64_t dim_, rows_ = 0, columns_ = 0;
  Shape padded_;  // rows and columns of pixels, multiples of the strides' product
  std::vector<Conv> down_;
  std::vector<ResidualBlock> encoder_, decoder_;
  Conv to_codes_, from_codes_;
  std::vector<ConvTransposed> up_;
  std::unique_ptr<Quantizer> quantizer_;
};

[[maybe_unused]] const bool registered =
    register_model<VqVae>("vqvae", "Images as grids of codes, for a prior to model (van den Oord et al. 2017)");

}  // namespace
}  // namespace mlrun

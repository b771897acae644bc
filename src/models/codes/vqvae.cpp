// VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017): images as grids of codes.
//
// Loss (their eq. 3), nats: -log p(x|q) plus what the quantiser adds; with `rate`, what the codes cost as well, and
// with an encoder that draws its codes the negative ELBO (models/codes/code_prior.hpp).
#include <algorithm>

#include "base/error.hpp"
#include "models/codes/code_model.hpp"
#include "models/codes/code_prior.hpp"
#include "models/codes/drawn_codes.hpp"
#include "models/codes/vqvae_options.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

class VqVae : public CodeModel {
 public:
  using Options = VqVaeOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 16}; }

  VqVae(const Options& options, const DataSpec& data, const Scope& scope)
      : CodeModel((require_images(data, "vqvae"), data)),
        draws_(options.draws),
        temperature_(options.temperature),
        rate_weight_(*options.rate, scope / "rate"),
        dim_(options.sizes.dim),
        grid_(options.sizes.strides, options.sizes.levels, data),
        encoder_(options.sizes, grid_, PixelEncoding(options.input, data), scope / "encoder"),
        quantizer_(make_quantizer(options.quantizer, dim_, scope / "quantizer")),
        decoder_(options.sizes, *options.decoder, grid_, PixelEncoding(options.input, data), data, scope / "decoder") {
    if (!options.rate->prior) return;
    if (!quantizer_->has_law()) {
      fail(ExitCode::kUsage,
           "model.rate.kind prior needs the law of a code given the encoder's numbers, and model.quantizer.kind {} has "
           "none\n"
           "  quantizers with one table have   model.quantizer.kind=gumbel, ste, ema, rotation or simvq",
           options.quantizer.kind());
    }
    prior_ = std::make_unique<CodePrior>(*options.rate, grid_, quantizer_->alphabet(), scope / "prior");
  }

  DataSpec codes() const override {
    return {.shape = grid_.shape(quantizer_->symbols()), .alphabet = quantizer_->alphabet(), .classes = data().classes};
  }
  int64_t code_of_pixel(int64_t row, int64_t column) const override {
    return grid_.position_of_pixel(row, column) * quantizer_->symbols();
  }
  bool draws_codes() const override { return draws_; }
  bool has_prior() const override { return prior_ != nullptr; }
  bool sees_pixels() const override { return decoder_.sees_pixels(); }
  int64_t examples_at_once() const override { return 16; }

  Variable loss(Pass& pass, const Batch& batch) const override { return loss_and_nll(pass, batch).loss; }
  bool loss_is_nll() const override { return draws_ && rate_weight_.is_one(); }

  TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const override {
    const Variable z = encoder_(pass, batch.symbols);
    Variable vectors, more, rate;  // rate: what the codes cost, with weight 1
    if (draws_) {
      const Variable log_odds = quantizer_->log_odds(pass, z);
      const DrawnCodes drawn =
          draw_codes_reinmax(log_odds, gumbel_noise(log_odds.shape(), pass.next_noise()), temperature_);
      quantizer_->assigned(pass, z.value(), drawn.codes);
      vectors = quantizer_->mixed(pass, drawn.weights);
      rate = code_divergence(log_odds, prior_->log_p(pass, drawn.weights));
      more = ops::scale(rate, rate_weight_.now());
    } else {
      const Quantized q = quantizer_->quantize(pass, z);
      vectors = q.vectors;
      more = q.loss;
      if (prior_) {
        const Variable weights = chosen_codes(quantizer_->log_odds(pass, z), q.codes, temperature_);
        rate = code_length(weights, prior_->log_p(pass, weights));
        const Variable length = ops::scale(rate, rate_weight_.now());
        more = more.defined() ? ops::add(more, length) : length;
      }
    }
    const Variable likelihood =
        ops::sum(negative_log_likelihood(decoder_.logits(pass, vectors, batch.symbols), batch.symbols));
    const auto number = [](const Variable& v) {
      return v.defined() ? static_cast<double>(v.value().data<float>()[0]) : 0;
    };
    return {more.defined() ? ops::add(likelihood, more) : likelihood, number(likelihood) + number(rate)};
  }

  Encoding encode(const ParameterArena& parameters, const Tensor& symbols,
                  std::optional<uint64_t> draw) const override {
    Encoding all = {Tensor({symbols.dim(0), codes().positions()}, DType::kS32), {}};
    in_pieces(symbols.dim(0), [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      const Tensor part = symbols.rows(begin, end);
      Tensor to = all.codes.rows(begin, end);
      to.copy_from(encode(pass, part, encoder_(pass, part), draw, all.log_q).reshape(to.shape()));
    });
    return all;
  }

  Tensor log_odds(const ParameterArena& parameters, const Tensor& symbols) const override {
    Pass pass(parameters);
    const Tensor z = latents(parameters, symbols).reshape({-1, dim_});
    return quantizer_->log_odds(pass, z).value().reshape({symbols.dim(0), codes().positions(), codes().alphabet});
  }

  Reconstruction reconstruct(const ParameterArena& parameters, const Tensor& symbols) const override {
    Reconstruction all;
    all.alphabet = codes().alphabet;
    all.restarted = quantizer_->restarted();
    all.codes = Tensor({symbols.dim(0), codes().positions()}, DType::kS32);
    std::vector<double> log_q;
    in_pieces(symbols.dim(0), [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      const Tensor part = symbols.rows(begin, end);
      const Variable z = encoder_(pass, part);
      Tensor vectors, codes;
      if (draws_) {
        codes = encode(pass, part, z, 0, log_q);
        vectors = quantizer_->vectors(pass, codes).reshape(z.shape());
        for (const double d : distances(z.value(), vectors)) all.squared_error += d;
      } else {
        const Quantized q = quantizer_->quantize(pass, z);
        codes = q.codes;
        vectors = q.vectors.value();
        all.squared_error += q.squared_error;
        log_q.resize(static_cast<size_t>(end));
      }
      const Tensor nll = negative_log_likelihood(decoder_.logits(pass, vectors, part), part).value();
      all.nll.insert(all.nll.end(), nll.data<float>(), nll.data<float>() + nll.count());
      Tensor to = all.codes.rows(begin, end);
      to.copy_from(codes.reshape(to.shape()));
      all.vectors += codes.dim(0);
      if (prior_) {
        const std::vector<double> length = code_lengths(pass, codes);
        for (size_t i = 0; i < length.size(); ++i)
          all.rate.push_back(length[i] + log_q[static_cast<size_t>(begin) + i]);
      }
    });
    return all;
  }

  Tensor logits(const ParameterArena& parameters, const Tensor& code_maps, const Tensor& symbols) const override {
    const int64_t n = code_maps.dim(0);
    Tensor all(data().alphabet == 2 ? Shape{n, data().positions()} : Shape{n, data().positions(), data().alphabet});
    in_pieces(n, [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      const Tensor part = sees_pixels() ? symbols.rows(begin, end) : Tensor();
      all.rows(begin, end).copy_from(decoder_.logits(pass, vectors_of(pass, code_maps.rows(begin, end)), part).value());
    });
    return all;
  }

  std::unique_ptr<Stepper> stepper(const ParameterArena& parameters, const Tensor& code_maps) const override {
    Pass pass(parameters);
    return decoder_.stepper(pass, vectors_of(pass, code_maps));
  }

  Tensor replacement_costs(const ParameterArena& parameters, const Tensor& symbols,
                           const Tensor& code_maps) const override {
    const DataSpec map = codes();
    const int64_t k = map.alphabet, of_row = quantizer_->symbols(), rows = grid_.positions();
    Tensor costs({symbols.dim(0), map.positions(), k});
    for (int64_t i = 0; i < symbols.dim(0); ++i) {
      Pass pass(parameters);
      const Tensor z = encoder_(pass, symbols.rows(i, i + 1)).value();
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

  Tensor latents(const ParameterArena& parameters, const Tensor& symbols) const override {
    const int64_t n = symbols.dim(0), width = grid_.positions() * dim_;
    Tensor all({n, width});
    in_pieces(n, [&](int64_t begin, int64_t end) {
      Pass pass(parameters);
      all.rows(begin, end).copy_from(encoder_(pass, symbols.rows(begin, end)).value().reshape({end - begin, width}));
    });
    return all;
  }

  Tensor codes_of_latents(const ParameterArena& parameters, const Tensor& latents) const override {
    Pass pass(parameters);
    const Variable z = latents.reshape({-1, dim_});
    const Tensor codes =
        draws_ ? draw_codes(quantizer_->log_odds(pass, z), {}, 1).codes : quantizer_->quantize(pass, z).codes;
    return codes.reshape({latents.dim(0), this->codes().positions()});
  }

  Layout layout() const override {
    Layout layout;
    layout.line("x: the symbols of an image in stored order; sigma is the logistic sigmoid");
    layout.part("encoder/", encoder_.layout());
    layout.line("quantizer, of each z:").part("quantizer/", quantizer_->layout());
    if (draws_)
      layout.line(
          "in training, and for a bound, k is drawn: q(k|x) = softmax over k of -|z - table[k]|^2 "
          "(gumbel: of z @ weight' + bias)");
    layout.part("decoder/", decoder_.layout());
    layout.line(data().alphabet == 2
                    ? "l of each pixel: the log-odds of a 1; -log p(x|z) in nats is the sum over pixels"
                    : "log p = log_softmax(l) of each pixel; -log p(x|z) in nats is the sum over pixels");
    if (prior_) layout.part("prior/", prior_->layout());
    return layout.tensor("rate/steps", "steps so far; only training reads it");
  }

  void initialise_from(const ParameterArena& parameters, const Batch& first, const RandomStream& noise) override {
    const Tensor z = latents(parameters, first.symbols).reshape({-1, dim_});
    Pass pass(parameters);
    quantizer_->initialise_from(pass, z, noise);
  }
  void after_step(const std::vector<Statistics>& lanes) override {
    quantizer_->after_step(lanes);
    rate_weight_.after_step();
  }

 private:
  Tensor vectors_of(Pass& pass, const Tensor& code_maps) const {
    return quantizer_->vectors(pass, code_maps.reshape({-1, quantizer_->symbols()}));
  }

  // Codes [rows, symbols] of images whose encodings are z; log q(z|x) of each image is appended.
  Tensor encode(Pass& pass, const Tensor& symbols, const Variable& z, std::optional<uint64_t> draw,
                std::vector<double>& log_q) const {
    const int64_t rows = grid_.positions(), k = quantizer_->alphabet();
    if (!draws_) {
      log_q.resize(log_q.size() + static_cast<size_t>(symbols.dim(0)));
      return quantizer_->quantize(pass, z).codes;
    }
    const Variable log_odds = quantizer_->log_odds(pass, z);
    const Tensor noise = draw ? gumbel_noise_of_images(symbols, rows, k, *draw) : Tensor();
    const Tensor codes = draw_codes(log_odds, noise, 1).codes;
    const std::vector<double> picked = summed_over_images(ops::log_softmax(log_odds).value(), codes);
    log_q.insert(log_q.end(), picked.begin(), picked.end());
    return codes;
  }

  // -log p(z) of every image, by stage one's own prior.
  std::vector<double> code_lengths(Pass& pass, const Tensor& codes) const {
    const Variable log_p = prior_->log_p(pass, one_hot_codes(codes, quantizer_->alphabet()));
    return summed_over_images(ops::scale(log_p, -1).value(), codes);
  }

  // Of every image, the sum over its positions of table[row, code].
  std::vector<double> summed_over_images(const Tensor& table, const Tensor& codes) const {
    const int64_t rows = grid_.positions(), k = table.dim(1);
    std::vector<double> sums(static_cast<size_t>(codes.count() / rows));
    for (int64_t i = 0; i < codes.count(); ++i)
      sums[static_cast<size_t>(i / rows)] += static_cast<double>(table.data<float>()[i * k + codes.data<int32_t>()[i]]);
    return sums;
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

  bool draws_;
  double temperature_;
  RateWeight rate_weight_;
  int64_t dim_;
  CodeGrid grid_;
  VqVaeEncoder encoder_;
  std::unique_ptr<Quantizer> quantizer_;
  VqVaeDecoder decoder_;
  std::unique_ptr<CodePrior> prior_;
};

[[maybe_unused]] const bool registered =
    register_model<VqVae>("vqvae", "Images as grids of codes, for a prior to model (van den Oord et al. 2017)");

}  // namespace
}  // namespace mlrun

// Images coded through the codes of a model of two stages: what comes back, and how many bits it took.
#include "coding/latent_codec.hpp"

#include <cmath>

#include "catch.hpp"
#include "generate/streams.hpp"
#include "models/battery.hpp"
#include "ops/softmax.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kImages = {.shape = {2, 4}, .alphabet = 2, .classes = 0};

// What an image costs in the mean over the draws of its codes, in nats, by going through all code maps; of all images.
std::vector<double> expected_nats(const Built& one, const Built& prior, const Tensor& images) {
  const CodeModel& model = *one.model->code_model();
  const Batch maps = all_images(model.codes(), 0);
  const int64_t count = maps.symbols.dim(0), positions = model.codes().positions(), k = model.codes().alphabet;
  const std::vector<double> z = prior.model->nll(*prior.parameters, maps);
  const Tensor log_q =
      model.draws_codes() ? ops::log_softmax(Variable(model.log_odds(*one.parameters, images))).value() : Tensor();
  const Tensor chosen = model.encode(*one.parameters, images, std::nullopt).codes;
  std::vector<double> all;
  for (int64_t i = 0; i < images.dim(0); ++i) {
    Tensor same({count, kImages.positions()}, DType::kS32);
    for (int64_t m = 0; m < count; ++m) same.rows(m, m + 1).copy_from(images.rows(i, i + 1));
    const Tensor logits = model.logits(*one.parameters, maps.symbols, same);
    const Tensor x = negative_log_likelihood(Variable(logits), same).value();
    double nats = 0;
    for (int64_t m = 0; m < count; ++m) {
      double log_p = 0, likely = 1;
      for (int64_t t = 0; t < positions; ++t) {
        const int32_t code = maps.symbols.data<int32_t>()[m * positions + t];
        if (log_q.defined()) log_p += static_cast<double>(log_q.data<float>()[(i * positions + t) * k + code]);
        else if (code != chosen.data<int32_t>()[i * positions + t]) likely = 0;
      }
      nats += likely * std::exp(log_p) * (static_cast<double>(x.data<float>()[m]) + z[static_cast<size_t>(m)] + log_p);
    }
    all.push_back(nats);
  }
  return all;
}

}  // namespace

TEST_CASE("images through codes: they come back, and cost the bound; drawn codes give their entropy back") {
  for (const std::string encoder : {"deterministic", "stochastic"}) {
    for (const std::string part : {"decoder.kind=conv", "decoder={kind: pixelcnn, channels: 3}", "levels=2"}) {
      INFO(encoder << ", " << part);
      const Built one =
          build("vqvae", kImages,
                {"width=4", "dim=4", "blocks=0", part == "levels=2" ? "strides=2,2" : "strides=2",
                 "quantizer.kind=gumbel", "quantizer.codes=3", "encoder=" + encoder, "rate.kind=prior", part});
      const Built prior = build("made", one.model->code_model()->codes(), {"hidden=9"});
      const AutoregressiveModel& of_codes = *prior.model->autoregressive();
      const LatentCodec codec(*one.model->code_model(), *one.parameters, of_codes, *prior.parameters);
      const Batch every = all_images(kImages, 0);
      Tensor images({5120, 8}, DType::kS32);
      for (int64_t i = 0; i < 20; ++i) images.rows(i * 256, (i + 1) * 256).copy_from(every.symbols);
      LanePool single(1), two(2);
      const auto streams = codec.encode(images, single);
      CHECK(streams == codec.encode(images, two));
      CHECK(static_cast<int64_t>(streams.size()) == streams_of(5120));
      CHECK(equal(codec.decode(spans(streams), 5120, two), images));
      double nats = 0;
      for (const double n : expected_nats(one, prior, every.symbols)) nats += 20 * n;
      CHECK(bits_of(streams) ==
            Approx(nats / std::log(2.0)).epsilon(0.01).margin(64.0 * static_cast<double>(streams.size())));
    }
  }
}

TEST_CASE("images through codes: one, none of a group's size, and a damaged stream") {
  const Built one = build("vqvae", kImages,
                          {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.kind=gumbel", "quantizer.codes=3",
                           "encoder=stochastic", "rate.kind=prior"});
  const Built prior = build("made", one.model->code_model()->codes(), {"hidden=9"});
  const LatentCodec codec(*one.model->code_model(), *one.parameters, *prior.model->autoregressive(), *prior.parameters);
  LanePool pool(1);
  for (const int64_t count : {1, 2, 3, 100, 255}) {
    const Tensor images = all_images(kImages, 0).symbols.rows(0, count);
    auto streams = codec.encode(images, pool);
    CHECK(equal(codec.decode(spans(streams), count, pool), images));
    streams[0].push_back(std::byte{1});
    CHECK_THROWS_AS(codec.decode(spans(streams), count, pool), Error);
  }
}

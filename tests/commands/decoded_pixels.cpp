// What is drawn from the decoder of a VQ-VAE: pixels given codes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "experiment/autoencoder.hpp"
#include "models/battery.hpp"
#include "models/codes/code_model.hpp"
#include "ranks/thread_ranks.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("pixels are drawn from the decoder's law, image by image the same") {
  const DataSpec images = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  const Built b = build("vqvae", images, {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.codes=3"});
  const CodeModel& model = *b.model->code_model();
  const Autoencoder autoencoder(model, *b.parameters);
  Tensor codes({2000, 4}, DType::kS32);
  for (int64_t i = 0; i < codes.count(); ++i) codes.data<int32_t>()[i] = static_cast<int32_t>(i % 4 % 3);
  const Tensor drawn = autoencoder.draw(codes, {.seed = 7});
  const Tensor logits = model.logits(*b.parameters, codes.rows(0, 1), {});
  for (int64_t p = 0; p < 16; ++p) {
    double share = 0;
    for (int64_t i = 0; i < 2000; ++i) share += drawn.data<int32_t>()[i * 16 + p] / 2000.0;
    CHECK(share == Approx(1 / (1 + std::exp(-static_cast<double>(logits.data<float>()[p])))).margin(0.05));
  }
  const Tensor later = autoencoder.draw(codes.rows(10, 12), {.seed = 7, .first = 10});
  CHECK(std::equal(later.data<int32_t>(), later.data<int32_t>() + 32, drawn.data<int32_t>() + 160));
}

TEST_CASE("what a decoder that sees pixels draws is one draw: pictures and symbols agree, and follow the law") {
  const DataSpec images = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  const Built b = build("vqvae", images,
                        {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.codes=3", "decoder.kind=pixelcnn"});
  const CodeModel& model = *b.model->code_model();
  const Autoencoder autoencoder(model, *b.parameters);
  REQUIRE(model.sees_pixels());
  Tensor codes({50, 4}, DType::kS32);
  for (int64_t i = 0; i < codes.count(); ++i) codes.data<int32_t>()[i] = static_cast<int32_t>(i % 3);
  const auto drawn = [&](const PixelDraw& draw) {
    const Tensor symbols = autoencoder.draw(codes, draw);
    const std::vector<io::Image> pictures = autoencoder.decode(codes, draw);
    for (size_t i = 0; i < pictures.size(); ++i) {
      for (size_t p = 0; p < 16; ++p) CHECK(pictures[i].pixels[p] == 255 * symbols.data<int32_t>()[i * 16 + p]);
    }
    return std::vector<int32_t>(symbols.data<int32_t>(), symbols.data<int32_t>() + symbols.count());
  };
  // Untrained weights are nearly certain of every pixel; at this temperature the noise decides.
  CHECK(drawn({.seed = 1, .law = {.temperature = 100}}) != drawn({.seed = 2, .law = {.temperature = 100}}));
  // Greedy: equal code maps have equal images, whatever the seed.
  CHECK(drawn({.seed = 1, .law = {.top_k = 1}}) == drawn({.seed = 2, .law = {.top_k = 1}}));
}

TEST_CASE("reconstructions and interpolations of a decoder that draws its pixels follow seed and law") {
  const DataSpec images = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  const Built b = build("vqvae", images,
                        {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.codes=3", "decoder.kind=pixelcnn"});
  const Autoencoder autoencoder(*b.model->code_model(), *b.parameters);
  const Tensor symbols = random_batch(images, 2, 5).symbols;
  const auto pixels = [](const std::vector<io::Image>& pictures) {
    std::vector<uint8_t> all;
    for (const io::Image& picture : pictures) all.insert(all.end(), picture.pixels.begin(), picture.pixels.end());
    return all;
  };
  const auto pairs = [&](const PixelDraw& draw) { return pixels(autoencoder.reconstruct(symbols, draw)); };
  const auto between = [&](const PixelDraw& draw) { return pixels(autoencoder.interpolate(symbols, 20, draw)); };
  for (const auto& pictures : {std::function(pairs), std::function(between)}) {
    CHECK(pictures({.seed = 1, .law = {.temperature = 100}}) != pictures({.seed = 2, .law = {.temperature = 100}}));
    CHECK(pictures({.seed = 3, .law = {.temperature = 100}}) == pictures({.seed = 3, .law = {.temperature = 100}}));
    CHECK(pictures({.seed = 1, .law = {.top_k = 1}}) == pictures({.seed = 2, .law = {.top_k = 1}}));
  }
}

TEST_CASE("ranks share the drawing of pixels given codes, and the pictures of them") {
  const DataSpec images = {.shape = {4, 4}, .alphabet = 2, .classes = 0};
  for (const std::string decoder : {"plain", "pixelcnn"}) {
    std::vector<std::string> options = {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.codes=3"};
    if (decoder == "pixelcnn") options.emplace_back("decoder.kind=pixelcnn");
    const Built b = build("vqvae", images, options);
    const Autoencoder autoencoder(*b.model->code_model(), *b.parameters);
    Tensor codes({150, 4}, DType::kS32);  // 64 at a time
    for (int64_t i = 0; i < codes.count(); ++i) codes.data<int32_t>()[i] = static_cast<int32_t>(i * i % 3);
    struct Pixels {
      Tensor symbols;
      std::vector<uint8_t> pictures;
      bool operator==(const Pixels& other) const {
        return pictures == other.pictures && std::memcmp(symbols.raw(), other.symbols.raw(), symbols.bytes()) == 0;
      }
    };
    const auto drawn = [&](Ranks& ranks) {
      const PixelDraw how = {.seed = 3, .law = {.temperature = 100}, .ranks = ranks};
      Pixels pixels = {autoencoder.draw(codes, how), {}};
      for (const io::Image& picture : autoencoder.decode(codes, how))
        pixels.pictures.insert(pixels.pictures.end(), picture.pixels.begin(), picture.pixels.end());
      return pixels;
    };
    const Pixels alone = drawn(one_rank());
    CHECK(alone.pictures.size() == 150 * 16);
    for (const int size : {2, 3, 4}) {
      std::vector<Pixels> found(static_cast<size_t>(size));
      ThreadRanks::run(size, [&](Ranks& ranks) { found[static_cast<size_t>(ranks.rank())] = drawn(ranks); });
      INFO(decoder << ", " << size << " ranks");
      for (const Pixels& pixels : found) CHECK(pixels == alone);
    }
  }
}

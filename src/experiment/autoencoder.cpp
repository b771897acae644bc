#include "experiment/autoencoder.hpp"

#include <algorithm>
#include <cmath>

#include "data/render.hpp"
#include "generate/draw.hpp"
#include "generate/picture.hpp"
#include "generate/step_through.hpp"

namespace mlrun {
namespace {

// The mean symbol of one pixel, between 0 and alphabet - 1.
double mean_symbol(const float* logits, int64_t alphabet) {
  if (alphabet == 2) return 1.0 / (1.0 + std::exp(-static_cast<double>(logits[0])));
  const double most = static_cast<double>(*std::max_element(logits, logits + alphabet));
  double total = 0, mean = 0;
  for (int64_t k = 0; k < alphabet; ++k) {
    const double p = std::exp(static_cast<double>(logits[k]) - most);
    total += p;
    mean += p * static_cast<double>(k);
  }
  return mean / total;
}

// Calls work(number of the first image, its piece of z) for the pieces of all images, of which each rank has a share. What
// work finds for an image are `width` numbers of `found`; afterwards every rank has those of all images.
template <class T, class Work>
void for_pieces(const Tensor& z, int64_t width, Ranks& ranks, T* found, const Work& work) {
  constexpr int64_t kAtOnce = 64;  // images; another number gives logits of other last bits
  const int64_t images = z.dim(0), pieces = (images + kAtOnce - 1) / kAtOnce;
  const Range own = own_share(ranks, pieces);
  for (int64_t piece = own.begin; piece < own.end; ++piece) {
    const int64_t begin = piece * kAtOnce;
    work(begin, z.rows(begin, std::min(images, begin + kAtOnce)));
  }
  all_gather_shares(ranks, pieces, found, [&](int64_t piece) { return std::min(images, piece * kAtOnce) * width; });
}

}  // namespace

std::vector<double> Autoencoder::nll(const Tensor& x, const Tensor& z) const {
  const Tensor nll = negative_log_likelihood(model_.logits(parameters_, z, x), x).value();
  return {nll.data<float>(), nll.data<float>() + nll.count()};
}

std::vector<io::Image> Autoencoder::decode(const Tensor& z, const PixelDraw& how) const {
  const DataSpec& data = images();
  if (model_.sees_pixels()) return images_of(draw(z, how), data);
  const int64_t positions = data.positions(), highest = std::max<int64_t>(data.alphabet - 1, 1);
  std::vector<uint8_t> pixels(static_cast<size_t>(z.dim(0) * positions));
  for_pieces(z, positions, how.ranks, pixels.data(), [&](int64_t begin, const Tensor& piece) {
    const Tensor logits = model_.logits(parameters_, piece, {});
    const int64_t count = piece.dim(0) * positions, width = logits.count() / count;
    for (int64_t p = 0; p < count; ++p) {
      const double mean = mean_symbol(logits.data<float>() + p * width, data.alphabet);
      pixels[static_cast<size_t>(begin * positions + p)] =
          static_cast<uint8_t>(std::lround(255.0 * mean / static_cast<double>(highest)));
    }
  });
  std::vector<io::Image> images;
  for (auto image = pixels.begin(); image != pixels.end(); image += positions) {
    images.push_back(io::Image::filled(static_cast<int>(data.shape[1]), static_cast<int>(data.shape[0]), 0));
    std::copy_n(image, positions, images.back().pixels.begin());
  }
  return images;
}

Tensor Autoencoder::draw(const Tensor& z, const PixelDraw& how) const {
  const DataSpec& data = images();
  const int64_t positions = data.positions();
  const RandomStream noise(how.seed, "sample/pixels");
  Tensor symbols({z.dim(0), positions}, DType::kS32);
  for_pieces(z, positions, how.ranks, symbols.data<int32_t>(), [&](int64_t begin, const Tensor& piece) {
    const int64_t n = piece.dim(0);
    const std::unique_ptr<Stepper> stepper = model_.stepper(parameters_, piece);
    std::vector<Uniforms> uniforms;
    for (int64_t i = 0; i < n; ++i) uniforms.emplace_back(noise.at(static_cast<uint64_t>(how.first + begin + i)));
    step_through(*stepper, n, positions, data.alphabet, [&](int64_t p, int64_t i, const float* logits) {
      const int32_t symbol = draw_symbol(logits, data.alphabet, uniforms[static_cast<size_t>(i)].next(), how.law);
      symbols.data<int32_t>()[(begin + i) * positions + p] = symbol;
      return symbol;
    });
  });
  return symbols;
}

std::vector<io::Image> Autoencoder::interpolate(const Tensor& x, int64_t count, const PixelDraw& how) const {
  const Tensor ends = model_.latents(parameters_, x);
  const int64_t width = ends.count() / 2;
  Tensor between({count, width});
  for (int64_t k = 0; k < count; ++k) {
    const float t = count > 1 ? static_cast<float>(k) / static_cast<float>(count - 1) : 0.0f;
    for (int64_t j = 0; j < width; ++j)
      between.data<float>()[k * width + j] = (1 - t) * ends.data<float>()[j] + t * ends.data<float>()[width + j];
  }
  return decode(model_.codes_of_latents(parameters_, between), how);
}

std::vector<io::Image> Autoencoder::reconstruct(const Tensor& x, const PixelDraw& how) const {
  const std::vector<io::Image> decoded = decode(model_.reconstruct(parameters_, x).codes, how);
  const auto positions = static_cast<size_t>(images().positions());
  std::vector<io::Image> pairs;
  for (size_t i = 0; i < decoded.size(); ++i) {
    pairs.push_back(render_symbols({x.data<int32_t>() + i * positions, positions}, images()));
    pairs.push_back(decoded[i]);
  }
  return pairs;
}

}  // namespace mlrun

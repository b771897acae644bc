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

}  // namespace

std::vector<double> Autoencoder::nll(const Tensor& x, const Tensor& z) const {
  const Tensor nll = negative_log_likelihood(model_.logits(parameters_, z, x), x).value();
  return {nll.data<float>(), nll.data<float>() + nll.count()};
}

std::vector<io::Image> Autoencoder::decode(const Tensor& z, const PixelDraw& how) const {
  const DataSpec& data = images();
  if (model_.sees_pixels()) return images_of(draw(z, how), data);
  std::vector<io::Image> images;
  const Tensor logits = model_.logits(parameters_, z, {});
  const int64_t width = logits.count() / (z.dim(0) * data.positions());
  for (int64_t i = 0; i < z.dim(0); ++i) {
    io::Image image = io::Image::filled(static_cast<int>(data.shape[1]), static_cast<int>(data.shape[0]), 0);
    for (int64_t p = 0; p < data.positions(); ++p) {
      const double mean = mean_symbol(logits.data<float>() + (i * data.positions() + p) * width, data.alphabet);
      image.pixels[static_cast<size_t>(p)] = static_cast<uint8_t>(
          std::lround(255.0 * mean / static_cast<double>(std::max<int64_t>(data.alphabet - 1, 1))));
    }
    images.push_back(std::move(image));
  }
  return images;
}

Tensor Autoencoder::draw(const Tensor& z, const PixelDraw& how) const {
  constexpr int64_t kAtOnce = 64;
  const DataSpec& data = images();
  const int64_t positions = data.positions();
  const RandomStream noise(how.seed, "sample/pixels");
  Tensor symbols({z.dim(0), positions}, DType::kS32);
  for (int64_t begin = 0; begin < z.dim(0); begin += kAtOnce) {
    const int64_t n = std::min(kAtOnce, z.dim(0) - begin);
    const std::unique_ptr<Stepper> stepper = model_.stepper(parameters_, z.rows(begin, begin + n));
    std::vector<Uniforms> uniforms;
    for (int64_t i = 0; i < n; ++i) uniforms.emplace_back(noise.at(static_cast<uint64_t>(how.first + begin + i)));
    step_through(*stepper, n, positions, data.alphabet, [&](int64_t p, int64_t i, const float* logits) {
      const int32_t symbol = draw_symbol(logits, data.alphabet, uniforms[static_cast<size_t>(i)].next(), how.law);
      symbols.data<int32_t>()[(begin + i) * positions + p] = symbol;
      return symbol;
    });
  }
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

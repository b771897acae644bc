#include "run/reconstructions.hpp"

#include <algorithm>
#include <cmath>

#include "data/render.hpp"
#include "generate/draw.hpp"

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

std::vector<io::Image> decoded_images(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes) {
  const DataSpec& data = model.data();
  const Tensor logits = model.decode(parameters, codes);
  const int64_t width = logits.count() / (codes.dim(0) * data.positions());
  std::vector<io::Image> images;
  for (int64_t i = 0; i < codes.dim(0); ++i) {
    io::Image image = io::Image::filled(static_cast<int>(data.shape[1]), static_cast<int>(data.shape[0]), 0);
    for (int64_t p = 0; p < data.positions(); ++p) {
      const double mean = mean_symbol(logits.data<float>() + (i * data.positions() + p) * width, data.alphabet);
      image.pixels[static_cast<size_t>(p)] =
          static_cast<uint8_t>(std::lround(255.0 * mean / static_cast<double>(data.alphabet - 1)));
    }
    images.push_back(std::move(image));
  }
  return images;
}

Tensor decoded_symbols(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes, uint64_t seed,
                       int64_t first) {
  const DataSpec& data = model.data();
  const Tensor logits = model.decode(parameters, codes);
  const int64_t width = logits.count() / (codes.dim(0) * data.positions());
  const RandomStream noise(seed, "sample/pixels");
  Tensor symbols({codes.dim(0), data.positions()}, DType::kS32);
  for (int64_t i = 0; i < codes.dim(0); ++i) {
    Uniforms uniforms(noise.at(static_cast<uint64_t>(first + i)));
    for (int64_t p = 0; p < data.positions(); ++p) {
      const int64_t at = i * data.positions() + p;
      symbols.data<int32_t>()[at] = draw_symbol(logits.data<float>() + at * width, data.alphabet, uniforms.next(), {});
    }
  }
  return symbols;
}

std::vector<io::Image> pairs_of(const CodeModel& model, const ParameterArena& parameters, const Tensor& symbols) {
  const std::vector<io::Image> decoded =
      decoded_images(model, parameters, model.reconstruct(parameters, symbols).codes);
  const auto positions = static_cast<size_t>(model.data().positions());
  std::vector<io::Image> pairs;
  for (size_t i = 0; i < decoded.size(); ++i) {
    pairs.push_back(render_symbols({symbols.data<int32_t>() + i * positions, positions}, model.data()));
    pairs.push_back(decoded[i]);
  }
  return pairs;
}

}  // namespace mlrun

#include "experiment/reconstructions.hpp"

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

std::vector<io::Image> decoded_images(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes,
                                      const PixelDraw& draw) {
  const DataSpec& data = model.data();
  std::vector<io::Image> images;
  if (model.sees_pixels()) {
    const Tensor symbols = decoded_symbols(model, parameters, codes, draw);
    return images_of(symbols, data);
  }
  const Tensor logits = model.logits(parameters, codes, {});
  const int64_t width = logits.count() / (codes.dim(0) * data.positions());
  for (int64_t i = 0; i < codes.dim(0); ++i) {
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

Tensor decoded_symbols(const CodeModel& model, const ParameterArena& parameters, const Tensor& codes,
                       const PixelDraw& draw) {
  constexpr int64_t kAtOnce = 64;
  const DataSpec& data = model.data();
  const int64_t positions = data.positions();
  const RandomStream noise(draw.seed, "sample/pixels");
  Tensor symbols({codes.dim(0), positions}, DType::kS32);
  for (int64_t begin = 0; begin < codes.dim(0); begin += kAtOnce) {
    const int64_t n = std::min(kAtOnce, codes.dim(0) - begin);
    const std::unique_ptr<Stepper> stepper = model.stepper(parameters, codes.rows(begin, begin + n));
    std::vector<Uniforms> uniforms;
    for (int64_t i = 0; i < n; ++i) uniforms.emplace_back(noise.at(static_cast<uint64_t>(draw.first + begin + i)));
    step_through(*stepper, n, positions, data.alphabet, [&](int64_t p, int64_t i, const float* logits) {
      const int32_t symbol = draw_symbol(logits, data.alphabet, uniforms[static_cast<size_t>(i)].next(), draw.law);
      symbols.data<int32_t>()[(begin + i) * positions + p] = symbol;
      return symbol;
    });
  }
  return symbols;
}

std::vector<io::Image> interpolated(const CodeModel& model, const ParameterArena& parameters, const Tensor& symbols,
                                    int64_t count, const PixelDraw& draw) {
  const Tensor ends = model.latents(parameters, symbols);
  const int64_t width = ends.count() / 2;
  Tensor between({count, width});
  for (int64_t k = 0; k < count; ++k) {
    const float t = count > 1 ? static_cast<float>(k) / static_cast<float>(count - 1) : 0.0f;
    for (int64_t j = 0; j < width; ++j)
      between.data<float>()[k * width + j] = (1 - t) * ends.data<float>()[j] + t * ends.data<float>()[width + j];
  }
  return decoded_images(model, parameters, model.codes_of_latents(parameters, between), draw);
}

std::vector<io::Image> pairs_of(const CodeModel& model, const ParameterArena& parameters, const Tensor& symbols,
                                const PixelDraw& draw) {
  const std::vector<io::Image> decoded =
      decoded_images(model, parameters, model.reconstruct(parameters, symbols).codes, draw);
  const auto positions = static_cast<size_t>(model.data().positions());
  std::vector<io::Image> pairs;
  for (size_t i = 0; i < decoded.size(); ++i) {
    pairs.push_back(render_symbols({symbols.data<int32_t>() + i * positions, positions}, model.data()));
    pairs.push_back(decoded[i]);
  }
  return pairs;
}

}  // namespace mlrun

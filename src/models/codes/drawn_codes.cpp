#include "models/codes/drawn_codes.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/vector/reduce.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

// FNV-1a of an image.
uint64_t hash_of(const int32_t* symbols, int64_t count) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int64_t i = 0; i < count; ++i) hash = (hash ^ static_cast<uint64_t>(symbols[i])) * 0x100000001b3u;
  return hash;
}

}  // namespace

Tensor one_hot_codes(const Tensor& codes, int64_t alphabet) {
  Tensor out = Tensor::zeros({codes.count(), alphabet});
  for (int64_t i = 0; i < codes.count(); ++i) out.data<float>()[i * alphabet + codes.data<int32_t>()[i]] = 1.0f;
  return out;
}

Tensor gumbel_noise(const Shape& shape, const RandomStream& noise) {
  Tensor g(shape);
  for (int64_t i = 0; i < g.count(); ++i) {
    const double u = std::max(noise.uniform(static_cast<uint64_t>(i)), 1e-12);
    g.data<float>()[i] = static_cast<float>(-std::log(-std::log(u)));
  }
  return g;
}

Tensor gumbel_noise_of_images(const Tensor& symbols, int64_t rows, int64_t alphabet, uint64_t draw) {
  const int64_t n = symbols.dim(0), positions = symbols.count() / n;
  Tensor noise({n * rows, alphabet});
  const RandomStream stream(0, "codes of an image");
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t image = hash_of(symbols.data<int32_t>() + i * positions, positions);
    noise.rows(i * rows, (i + 1) * rows).copy_from(gumbel_noise({rows, alphabet}, stream.at(image).at(draw)));
  }
  return noise;
}

Variable chosen_codes(const Variable& log_odds, const Tensor& codes, double temperature) {
  const Variable soft = ops::softmax(ops::scale(log_odds, static_cast<float>(1 / temperature)));
  return ops::straight_through(soft, one_hot_codes(codes, log_odds.dim(1)));
}

DrawnCodes draw_codes(const Variable& log_odds, const Tensor& noise, double temperature) {
  const Variable noisy = noise.defined() ? ops::add(log_odds, noise) : log_odds;
  DrawnCodes drawn;
  drawn.codes = kernels::argmax(noisy.value()).reshape({log_odds.dim(0), 1});
  drawn.weights = chosen_codes(noisy, drawn.codes, temperature);
  return drawn;
}

DrawnCodes draw_codes_reinmax(const Variable& log_odds, const Tensor& noise, double temperature) {
  const Tensor l = log_odds.value();
  Tensor noisy = l.clone();
  for (int64_t i = 0; i < l.count(); ++i) noisy.data<float>()[i] += noise.data<float>()[i];
  DrawnCodes drawn;
  drawn.codes = kernels::argmax(noisy).reshape({l.dim(0), 1});
  const Tensor one_hot = one_hot_codes(drawn.codes, l.dim(1));
  const Tensor soft = ops::softmax(ops::scale(Variable(l), static_cast<float>(1 / temperature))).value();
  // softmax(l + shift) is m, with the derivative of a softmax at m.
  Tensor shift(l.shape());
  for (int64_t i = 0; i < l.count(); ++i) {
    const float m = 0.5f * (one_hot.data<float>()[i] + soft.data<float>()[i]);
    shift.data<float>()[i] = std::log(std::max(m, 1e-30f)) - l.data<float>()[i];
  }
  const Variable mean = ops::softmax(ops::add(log_odds, shift));
  drawn.weights =
      ops::straight_through(ops::sub(ops::scale(mean, 2.0f), ops::scale(ops::softmax(log_odds), 0.5f)), one_hot);
  return drawn;
}

}  // namespace mlrun
